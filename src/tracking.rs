//! One call of `track`: from an event to its record or dict, and on to the emitters.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::container_items::items;
use crate::emitter::RecordSink;
use crate::error::{Error, Result, type_name};
use crate::events::{Event, Snapshot};
use crate::facts::Facts;
use crate::hooks::{Hooks, hooks};
use crate::json::Lossy;
use crate::name::name;
use crate::payload::{self, Dict, Encoding, Fields, Record};
use crate::program_code::{attribute, call, call_method, text_of};
use crate::tracker::{Settings, TrackerCore};
use crate::{attributes, event_id, python, scratch};

/// Now, in whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds cut to whole ones")]
pub fn now_ms(py: Python<'_>) -> PyResult<i64> {
    Ok((python::now(py)? * 1000.0) as i64)
}

/// An event id: ours, or what a program supplies in its place.
pub enum EventId<'py> {
    /// One of ours, as text.
    Ours([u8; 36]),
    /// What the program's own function returned.
    Given(Bound<'py, PyAny>),
}

impl<'py> EventId<'py> {
    /// A new one.
    pub fn new(py: Python<'py>) -> Result<Self> {
        match python::replaced_uuid4(py)? {
            Some(uuid4) => Ok(Self::Given(text_of(&call(&uuid4, (), None)?)?.into_any())),
            None => event_id::new_event_id().map(Self::Ours).map_err(Error::NoRandomness),
        }
    }

    /// As the program sees it.
    pub fn into_python(self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        match self {
            Self::Ours(text) => Ok(python::ascii(py, &text)?.into_any()),
            Self::Given(id) => Ok(id),
        }
    }
}

/// The sinks of all emitters; nearly always there is one.
enum RecordSinks<'py> {
    One(RecordSink<'py>),
    Many(Vec<RecordSink<'py>>),
}

impl RecordSinks<'_> {
    fn push(&self, record: &[u8], created_ms: i64) -> PyResult<()> {
        match self {
            Self::One(sink) => sink.push(record, created_ms),
            Self::Many(sinks) => {
                // Every emitter has the event before the first exception out of one is raised.
                let results: Vec<_> = sinks.iter().map(|sink| sink.push(record, created_ms)).collect();
                results.into_iter().collect()
            }
        }
    }
}

/// The fields that a subject, or the tracker, adds to an event's own, as of now: user code that runs meanwhile may change them.
enum Additional<'py> {
    /// As they leave.
    Clean(Bound<'py, PyDict>),
    /// As they were given.
    Items(Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>),
}

impl<'py> Additional<'py> {
    fn of(encoded: &Facts, dict: &Bound<'py, PyDict>, names: &[&str]) -> Result<Self> {
        Ok(encoded.fields(dict, names)?.map_or_else(|| Self::Items(items(dict)), Self::Clean))
    }

    fn add_to(&self, fields: &mut Dict<'_, 'py>) -> Result<()> {
        match self {
            Self::Clean(dict) => fields.update(dict),
            Self::Items(items) => fields.items(items),
        }
    }
}

/// Encodes an event as of now and hands it to every emitter. Returns its id.
pub fn track<'py>(tracker: &Bound<'py, TrackerCore>, event: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
    let hooks = hooks(tracker.py())?;
    let loaded = tracker.get().settings.load(tracker.py());
    let settings = loaded.get();
    let is_patched = settings.is_some_and(|settings| settings.is_patched);
    if let Some(settings) = settings
        && !is_patched
        && hooks.tracker_is_ours(&tracker.get_type())?
    {
        return Tracking::begin(tracker, hooks, settings, true)?.track(event);
    }
    Tracking::begin(tracker, hooks, &settings_by_properties(tracker, is_patched)?, false)?.track(event)
}

/// The settings where the class may have properties in the place of ours.
fn settings_by_properties(tracker: &Bound<'_, TrackerCore>, is_patched: bool) -> Result<Settings> {
    let required = |name| attribute(tracker, name).map(Bound::unbind).map(Some);
    let optional = |name| attributes::read(tracker, name).map(|value| value.map(Bound::unbind));
    let py = tracker.py();
    Ok(Settings {
        emitters: required(pyo3::intern!(py, "emitters"))?,
        subject: optional("subject")?,
        encode_base64: required(pyo3::intern!(py, "encode_base64"))?,
        json_encoder: optional("json_encoder")?,
        standard_nv_pairs: required(pyo3::intern!(py, "standard_nv_pairs"))?,
        is_patched,
    })
}

/// One call of `track`, by the tracker's settings at its beginning: user code that runs meanwhile may change them.
struct Tracking<'a, 'py> {
    tracker: &'a Bound<'py, TrackerCore>,
    hooks: &'py Hooks,
    emitters: &'a Bound<'py, PyAny>,
    subject: Option<&'a Bound<'py, PyAny>>,
    base64: bool,
    json_encoder: Option<&'a Bound<'py, PyAny>>,
    facts: Cow<'a, Bound<'py, PyDict>>,
    is_patched: bool,
    /// Whether ids, times and payloads come from this package's own methods.
    is_plain: bool,
}

impl<'a, 'py> Tracking<'a, 'py> {
    fn begin(
        tracker: &'a Bound<'py, TrackerCore>,
        hooks: &'py Hooks,
        settings: &'a Settings,
        is_plain: bool,
    ) -> Result<Self> {
        let py = tracker.py();
        let given = |object: &'a Option<Py<PyAny>>| object.as_ref().map(|object| object.bind(py));
        let required = |object| given(object).ok_or_else(|| Error::NotConstructed(type_name(tracker)));
        let facts = required(&settings.standard_nv_pairs)?;
        Ok(Self {
            tracker,
            hooks,
            emitters: required(&settings.emitters)?,
            subject: given(&settings.subject),
            base64: required(&settings.encode_base64)?.is_truthy()?,
            json_encoder: given(&settings.json_encoder),
            facts: match facts.cast() {
                Ok(dict) => Cow::Borrowed(dict),
                Err(_) => Cow::Owned(payload::into_dict(facts.clone())?),
            },
            is_patched: settings.is_patched,
            is_plain,
        })
    }

    fn track(&self, event: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
        let own_way =
            self.is_plain || !self.is_patched && self.hooks.complete_payload_is_ours(&self.tracker.get_type())?;
        if let Ok(event) = event.cast::<Event>()
            && own_way
            && self.hooks.build_payload_is_ours(event)?
        {
            return self.track_own_event(&Event::snapshot(event)?);
        }
        self.track_payload(event)
    }

    /// An event that is encoded natively from end to end: as a record where every emitter takes records, otherwise as a dict.
    fn track_own_event(&self, event: &Snapshot<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        let subject = payload::subject_fields(event.event_subject.as_ref(), self.subject)?;
        if event.payload.is_none()
            && let Some(sinks) = self.record_sinks()?
            && let Some(id) = self.track_record(event, subject.as_ref(), &sinks)?
        {
            return Ok(Some(id));
        }
        self.track_dict(event, subject.as_ref())
    }

    fn track_dict(
        &self,
        event: &Snapshot<'py>,
        subject: Option<&Bound<'py, PyDict>>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        let core = self.tracker.get();
        let facts = Additional::of(&core.encoded_facts, &self.facts, &payload::TRACKER_FIELDS)?;
        let subject = subject
            .map(|subject| Additional::of(&core.encoded_subject, subject, &payload::SUBJECT_FIELDS))
            .transpose()?;
        let mut lossy = Lossy::default();
        let mut fields = Dict::begin(self.py(), &mut lossy);
        payload::write_event(&mut fields, event, self.encoding())?;
        if let Some(subject) = subject {
            subject.add_to(&mut fields)?;
        }
        fields.value(name!("eid"), &self.new_id()?.into_python(self.py())?)?;
        fields.value(name!("dtm"), &self.timestamp()?)?;
        facts.add_to(&mut fields)?;
        let fields = fields.end();
        python::warn_of_loss(self.py(), lossy)?;
        let id = fields.get_item(name!("eid").python(self.py()))?;
        self.hand_out(fields.as_any(), true)?;
        Ok(id)
    }

    /// None, and nothing is tracked, where the facts are such that a record could have a name twice.
    fn track_record(
        &self,
        event: &Snapshot<'py>,
        subject: Option<&Bound<'py, PyDict>>,
        sinks: &RecordSinks<'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        scratch::with_buffer(|out| {
            let mut lossy = Lossy::default();
            let mut record = Record::begin(out, &mut lossy);
            if !self.write_facts(&mut record, subject)? {
                return Ok(None);
            }
            payload::write_event(&mut record, event, self.encoding())?;
            let id = self.new_id()?;
            match &id {
                EventId::Ours(text) => record.plain(name!("eid"), text),
                EventId::Given(id) => record.value(name!("eid"), id)?,
            }
            let created_ms = self.write_timestamp(&mut record)?;
            record.end();
            python::warn_of_loss(self.py(), lossy)?;
            sinks.push(out, created_ms)?;
            id.into_python(self.py()).map(Some)
        })
    }

    fn write_facts(&self, record: &mut Record<'_>, subject: Option<&Bound<'py, PyDict>>) -> Result<bool> {
        let core = self.tracker.get();
        if !core.encoded_facts.write(record, &self.facts, &payload::TRACKER_FIELDS)? {
            return Ok(false);
        }
        match subject {
            Some(subject) => core.encoded_subject.write(record, subject, &payload::SUBJECT_FIELDS),
            None => Ok(true),
        }
    }

    fn write_timestamp(&self, record: &mut Record<'_>) -> Result<i64> {
        if self.is_plain || self.hooks.get_timestamp_is_ours(&self.tracker.get_type())? {
            let now = now_ms(self.py())?;
            record.plain(name!("dtm"), itoa::Buffer::new().format(now).as_bytes());
            return Ok(now);
        }
        let created = self.timestamp()?;
        record.value(name!("dtm"), &created)?;
        Ok(created.extract().unwrap_or(0))
    }

    /// What the user's own part makes of an event: a payload, handed on as the dict that it holds.
    fn track_payload(&self, event: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
        let py = self.py();
        if event.is_instance(python::payload_class(py)?)? {
            self.hand_out(payload::nv_pairs(event)?.as_any(), false)?;
            return Ok(Some(self.tracker.clone().into_any()));
        }
        let arguments = PyDict::new(py);
        arguments.set_item("event", event)?;
        let payload = call(&self.tracker.getattr("complete_payload")?, (), Some(&arguments))?;
        let fields = payload.getattr("nv_pairs")?;
        self.hand_out(&fields, false)?;
        Ok(if fields.contains("eid")? { Some(fields.get_item("eid")?) } else { None })
    }

    /// The sinks of all emitters, or `None` if one of them has none.
    fn record_sinks(&self) -> Result<Option<RecordSinks<'py>>> {
        if let Ok(list) = self.emitters.cast_exact::<PyList>()
            && list.len() == 1
            && let Ok(emitter) = list.get_item(0)
        {
            return Ok(RecordSink::of(emitter, self.hooks)?.map(RecordSinks::One));
        }
        let mut sinks = Vec::new();
        for emitter in self.emitters.try_iter()? {
            match RecordSink::of(emitter?, self.hooks)? {
                Some(sink) => sinks.push(sink),
                None => return Ok(None),
            }
        }
        Ok(Some(RecordSinks::Many(sinks)))
    }

    /// Hands a dict of its own to every emitter; the first exception that comes out of one is raised when all have had theirs. The
    /// last one gets `fields` itself where it is nobody else's.
    fn hand_out(&self, fields: &Bound<'py, PyAny>, is_ours: bool) -> Result<()> {
        let emitters: Vec<_> = match self.emitters.cast_exact::<PyList>() {
            Ok(list) => list.iter().collect(),
            Err(_) => self.emitters.try_iter()?.collect::<PyResult<_>>()?,
        };
        let mut result = Ok(());
        for (index, emitter) in emitters.iter().enumerate() {
            let own = match fields.cast::<PyDict>() {
                Ok(dict) if !is_ours || index + 1 < emitters.len() => dict.copy()?.into_any(),
                _ => fields.clone(),
            };
            let handed = call_method(emitter, pyo3::intern!(self.py(), "input"), (own,));
            result = result.and(handed.map(drop));
        }
        Ok(result?)
    }

    fn new_id(&self) -> Result<EventId<'py>> {
        if self.is_plain || self.hooks.get_uuid_is_ours(&self.tracker.get_type())? {
            return EventId::new(self.py());
        }
        Ok(EventId::Given(call_method(self.tracker, pyo3::intern!(self.py(), "get_uuid"), ())?))
    }

    fn timestamp(&self) -> Result<Bound<'py, PyAny>> {
        if self.is_plain || self.hooks.get_timestamp_is_ours(&self.tracker.get_type())? {
            return Ok(now_ms(self.py())?.into_pyobject(self.py()).map_err(PyErr::from)?.into_any());
        }
        Ok(call_method(self.tracker, pyo3::intern!(self.py(), "get_timestamp"), ())?)
    }

    fn encoding(&self) -> Encoding<'_, 'py> {
        Encoding { base64: self.base64, json_encoder: self.json_encoder }
    }

    fn py(&self) -> Python<'py> {
        self.tracker.py()
    }
}
