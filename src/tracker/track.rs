//! One call of `track`: choose the path of the event, encode it, and pass it to the emitters.

use std::borrow::Cow;
use std::ops::ControlFlow;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::additions::{Additions, intercept};
use super::extra_fields::ExtraFields;
use super::settings::{Settings, TrackerState};
use super::sinks::RecordSinks;
use super::stamp::{CreationTime, EventId, now_ms};
use crate::cpython::call::{call_user_method, get_optional_user_attribute, get_user_attribute};
use crate::cpython::lookup::{is_payload, nv_pairs};
use crate::emitter::RecordSink;
use crate::error::{Error, Result, type_name};
use crate::events::{Event, Snapshot};
use crate::field_name::field_name;
use crate::json::python::warn_of_replacements;
use crate::json::text::Replacements;
use crate::output::Output;
use crate::overrides::{Originals, originals};
use crate::payload::field_cache::{CachedFields, FieldCache};
use crate::payload::fields::{DictWriter, FieldWriter};
use crate::payload::record::RecordWriter;
use crate::payload::{self, Encoding, SUBJECT_FIELDS, TRACKER_FIELDS};
use crate::scratch;
use crate::sync::rcu::CloneWithGil;

/// The path of an event to the emitters.
enum Path<'a, 'py> {
    /// Encode it as a record, and append that to the sink of each emitter.
    Record(&'a NativeEvent<'a, 'py>, RecordFields<'py>, RecordSinks<'py>),
    /// Encode it as a dict, and pass that to `input` of each emitter.
    Dict(&'a NativeEvent<'a, 'py>),
    /// Call `complete_payload`, and pass the result to `input` of each emitter.
    Payload,
}

/// Chooses the path of an event, depending on what the program overrides. `read` receives the event if it is encoded natively: it is large,
/// and copying it takes a hundredth of `track`.
#[inline(always)]
fn choose_path<'a, 'py>(
    call: &TrackCall<'a, 'py>,
    event: &Bound<'py, PyAny>,
    read: &'a mut Option<NativeEvent<'a, 'py>>,
) -> Result<Path<'a, 'py>> {
    let Ok(event) = event.cast::<Event>() else { return Ok(Path::Payload) };
    if !call.completes_natively()? || !call.originals.build_payload_is_original(event)? {
        return Ok(Path::Payload);
    }
    let event: &NativeEvent<'a, 'py> = read.insert(call.read_event(event)?);
    // A program that has read `event.payload` may have added any fields: a record could contain a name twice.
    if event.snapshot.payload.is_none()
        && let Some(sinks) = call.record_sinks()?
        && let Some(fields) = call.record_fields(event)?
    {
        return Ok(Path::Record(event, fields, sinks));
    }
    Ok(Path::Dict(event))
}

/// Encodes an event and passes it to every emitter. Returns its id.
pub fn track<'py>(
    state: &TrackerState,
    tracker: &Bound<'py, PyAny>,
    event: &Bound<'py, PyAny>,
) -> Result<Option<Bound<'py, PyAny>>> {
    let originals = originals(tracker.py())?;
    let loaded = state.settings.load(tracker.py());
    let settings = loaded.get();
    if let Some(additions) = settings.and_then(|settings| settings.additions.as_deref())
        && let ControlFlow::Break(result) = intercept(tracker, &state.dropped, additions, event)?
    {
        return Ok(result);
    }
    let is_patched = settings.is_some_and(|settings| settings.is_patched);
    if let Some(settings) = settings
        && !is_patched
        && originals.tracker_is_original(&tracker.get_type())?
    {
        return TrackCall::new(state, tracker, originals, settings, true)?.run(event);
    }
    let settings = read_settings(tracker, settings)?;
    TrackCall::new(state, tracker, originals, &settings, false)?.run(event)
}

/// Calls `work` with the settings of a tracker, outside of a call of `track`.
pub fn with_call<'py, R>(
    state: &TrackerState,
    tracker: &Bound<'py, PyAny>,
    work: impl FnOnce(&TrackCall<'_, 'py>) -> Result<R>,
) -> Result<R> {
    let originals = originals(tracker.py())?;
    let loaded = state.settings.load(tracker.py());
    if let Some(settings) = loaded.get()
        && !settings.is_patched
        && originals.tracker_is_original(&tracker.get_type())?
    {
        return work(&TrackCall::new(state, tracker, originals, settings, true)?);
    }
    let settings = read_settings(tracker, loaded.get())?;
    work(&TrackCall::new(state, tracker, originals, &settings, false)?)
}

/// Reads the settings as attributes, since a subclass may override the properties.
fn read_settings(tracker: &Bound<'_, PyAny>, own: Option<&Settings>) -> Result<Settings> {
    let required = |name| get_user_attribute(tracker, name).map(Bound::unbind).map(Some);
    let optional = |name| get_optional_user_attribute(tracker, name).map(|value| value.map(Bound::unbind));
    let py = tracker.py();
    Ok(Settings {
        emitters: required(crate::sync::once::intern!(py, "emitters"))?,
        subject: optional("subject")?,
        encode_base64: required(crate::sync::once::intern!(py, "encode_base64"))?,
        json_encoder: optional("json_encoder")?,
        standard_nv_pairs: required(crate::sync::once::intern!(py, "standard_nv_pairs"))?,
        is_patched: own.is_some_and(|own| own.is_patched),
        additions: own.and_then(|own| own.additions.as_ref()).map(|additions| Box::new(additions.clone_with_gil(py))),
        is_usual: false,
    })
}

/// An event that is encoded natively, and its subject's fields.
pub struct NativeEvent<'a, 'py> {
    /// The event itself.
    pub snapshot: Snapshot<'py>,
    /// The fields of its subject.
    pub subject: Option<Bound<'py, PyDict>>,
    /// Whether fields of the subject are those of a scope.
    pub is_scoped: bool,
    /// The JSON of the tracker's entities.
    pub global_contexts: Cow<'a, [u8]>,
}

/// The encoded fields that a record starts with.
struct RecordFields<'py> {
    tracker: CachedFields<'py>,
    subject: Option<CachedFields<'py>>,
}

/// One call of `track`, with the settings at its start: user code that runs meanwhile may change them.
pub struct TrackCall<'a, 'py> {
    state: &'a TrackerState,
    /// The tracker.
    pub tracker: &'a Bound<'py, PyAny>,
    /// The methods of the package.
    pub originals: &'py Originals,
    emitters: &'a Bound<'py, PyAny>,
    /// Its subject.
    pub subject: Option<&'a Bound<'py, PyAny>>,
    /// How it encodes JSON.
    pub encoding: Encoding<'a, 'py>,
    tracker_fields: Cow<'a, Bound<'py, PyDict>>,
    /// What the program has added to it.
    pub additions: Option<&'a Additions>,
    is_patched: bool,
    /// Whether ids, times and payloads come from the original methods.
    is_original: bool,
}

impl<'a, 'py> TrackCall<'a, 'py> {
    fn new(
        state: &'a TrackerState,
        tracker: &'a Bound<'py, PyAny>,
        originals: &'py Originals,
        settings: &'a Settings,
        is_original: bool,
    ) -> Result<Self> {
        let py = tracker.py();
        let optional = |object: &'a Option<Py<PyAny>>| object.as_ref().map(|object| object.bind(py));
        let required = |object| optional(object).ok_or_else(|| Error::NotConstructed(type_name(tracker)));
        let tracker_fields = required(&settings.standard_nv_pairs)?;
        Ok(Self {
            state,
            tracker,
            originals,
            emitters: required(&settings.emitters)?,
            subject: optional(&settings.subject),
            encoding: Encoding {
                base64: required(&settings.encode_base64)?.is_truthy()?,
                json_encoder: optional(&settings.json_encoder),
            },
            tracker_fields: match tracker_fields.cast() {
                Ok(dict) => Cow::Borrowed(dict),
                Err(_) => Cow::Owned(payload::into_dict(tracker_fields.clone())?),
            },
            additions: settings.additions.as_deref(),
            is_patched: settings.is_patched,
            is_original,
        })
    }

    fn run(&self, event: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
        let mut read = None;
        match choose_path(self, event, &mut read) {
            Ok(Path::Record(event, fields, sinks)) => self.track_record(event, &fields, &sinks),
            Ok(Path::Dict(event)) => self.track_dict(event),
            Ok(Path::Payload) => self.track_payload(event),
            Err(error) => {
                if error.is_lack_of_memory(self.py())
                    && let Ok(Some(sinks)) = self.record_sinks()
                {
                    sinks.count_dropped();
                }
                Err(error)
            }
        }
    }

    /// Returns true if the program leaves the completion of payloads to the package.
    pub fn completes_natively(&self) -> Result<bool> {
        Ok(self.is_original
            || !self.is_patched && self.originals.complete_payload_is_original(&self.tracker.get_type())?)
    }

    #[inline(always)]
    /// Reads an event and its subject.
    pub fn read_event(&self, event: &Bound<'py, Event>) -> Result<NativeEvent<'a, 'py>> {
        let snapshot = Event::snapshot(event)?;
        if let Some(additions) = self.additions {
            return self.add(snapshot, additions);
        }
        let subject = payload::subject_fields(snapshot.event_subject.as_ref(), self.subject)?;
        Ok(NativeEvent { snapshot, subject, is_scoped: false, global_contexts: Cow::Borrowed(&[]) })
    }

    /// Returns where the encoded fields of an event's subject are cached.
    fn subject_cache(&self, event: &NativeEvent<'_, 'py>) -> &'a FieldCache {
        if event.is_scoped { &self.state.scope_fields } else { &self.state.subject_fields }
    }

    /// Returns the sinks of all emitters, or `None` if one of them has none.
    #[inline(always)]
    pub fn record_sinks(&self) -> Result<Option<RecordSinks<'py>>> {
        if let Ok(list) = self.emitters.cast_exact::<PyList>()
            && list.len() == 1
            && let Ok(emitter) = list.get_item(0)
        {
            return Ok(RecordSink::of(emitter, self.originals)?.map(RecordSinks::One));
        }
        let mut sinks = Vec::new();
        for emitter in self.emitters.try_iter()? {
            match RecordSink::of(emitter?, self.originals)? {
                Some(sink) => sinks.push(sink),
                None => return Ok(None),
            }
        }
        Ok(Some(RecordSinks::Many(sinks)))
    }

    /// Returns the encoded fields of the tracker and the subject, or `None` if they cannot be cached: they might then have the name of an
    /// event's field.
    #[inline(always)]
    fn record_fields(&self, event: &NativeEvent<'_, 'py>) -> Result<Option<RecordFields<'py>>> {
        let Some(tracker) = self.state.tracker_fields.load(&self.tracker_fields, &TRACKER_FIELDS)? else {
            return Ok(None);
        };
        let Some(subject) = &event.subject else { return Ok(Some(RecordFields { tracker, subject: None })) };
        let subject = self.subject_cache(event).load(subject, &SUBJECT_FIELDS)?;
        Ok(subject.map(|subject| RecordFields { tracker, subject: Some(subject) }))
    }

    fn track_record(
        &self,
        event: &NativeEvent<'_, 'py>,
        fields: &RecordFields<'py>,
        sinks: &RecordSinks<'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        scratch::with_buffer(|out| match self.write_record(out, event, fields) {
            Ok((id, created_ms)) => {
                sinks.push(out, created_ms)?;
                Ok(Some(id))
            }
            Err(error) => {
                if error.is_lack_of_memory(self.py()) {
                    sinks.count_dropped();
                }
                Err(error)
            }
        })
    }

    /// Writes the record of an event. Returns its id and its creation time.
    fn write_record(
        &self,
        out: &mut Output,
        event: &NativeEvent<'_, 'py>,
        fields: &RecordFields<'py>,
    ) -> Result<(Bound<'py, PyAny>, i64)> {
        let mut replaced = Replacements::default();
        let mut record = RecordWriter::begin(out, &mut replaced);
        record.raw(fields.tracker.record());
        if let Some(subject) = &fields.subject {
            record.raw(subject.record());
        }
        payload::write_event_with(&mut record, &event.snapshot, self.encoding, &event.global_contexts)?;
        let created = self.creation_time()?;
        let id = self.id_of(&event.snapshot, &created)?;
        match &id {
            EventId::Native(text) => record.plain(field_name!("eid"), text),
            EventId::Custom(id) => record.value(field_name!("eid"), id)?,
        }
        match &created {
            CreationTime::Native(ms) => {
                record.plain(field_name!("dtm"), itoa::Buffer::new().format(*ms).as_bytes());
            }
            CreationTime::Custom(time) => record.value(field_name!("dtm"), time)?,
        }
        record.end()?;
        warn_of_replacements(self.py(), replaced)?;
        Ok((id.into_python(self.py())?, created.ms()))
    }

    fn track_dict(&self, event: &NativeEvent<'_, 'py>) -> Result<Option<Bound<'py, PyAny>>> {
        let fields = self.fields_of(event, self.encoding)?;
        let id = fields.get_item(field_name!("eid").python(self.py()))?;
        self.dispatch_dict(fields.as_any(), true)?;
        Ok(id)
    }

    /// Returns all fields of an event as a dict.
    pub fn fields_of(&self, event: &NativeEvent<'_, 'py>, encoding: Encoding<'_, 'py>) -> Result<Bound<'py, PyDict>> {
        let tracker_fields = ExtraFields::read(&self.state.tracker_fields, &self.tracker_fields, &TRACKER_FIELDS)?;
        let read_subject = |subject| ExtraFields::read(self.subject_cache(event), subject, &SUBJECT_FIELDS);
        let subject_fields = event.subject.as_ref().map(read_subject).transpose()?;
        let mut replaced = Replacements::default();
        let mut fields = DictWriter::begin(self.py(), &mut replaced)?;
        payload::write_event_with(&mut fields, &event.snapshot, encoding, &event.global_contexts)?;
        if let Some(subject_fields) = subject_fields {
            subject_fields.add_to(&mut fields, self.py())?;
        }
        let created = self.creation_time()?;
        fields.value(field_name!("eid"), &self.id_of(&event.snapshot, &created)?.into_python(self.py())?)?;
        fields.value(field_name!("dtm"), &created.into_python(self.py())?)?;
        tracker_fields.add_to(&mut fields, self.py())?;
        let fields = fields.end();
        warn_of_replacements(self.py(), replaced)?;
        Ok(fields)
    }

    /// Tracks what the program's own code makes of an event. A `Payload` is passed on as the dict that it contains.
    fn track_payload(&self, event: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
        if is_payload(event)? {
            self.dispatch_completed(event, nv_pairs(event)?.into_any())?;
            return Ok(Some(self.tracker.clone()));
        }
        let fields = self.complete(event)?;
        self.dispatch_completed(event, fields.clone())?;
        Ok(if fields.contains("eid")? { Some(fields.get_item("eid")?) } else { None })
    }

    /// Passes a separate dict to every emitter. The first exception is raised after all emitters have theirs. If no one else has the dict,
    /// the last emitter gets the dict itself and not a copy.
    pub fn dispatch_dict(&self, fields: &Bound<'py, PyAny>, is_unshared: bool) -> Result<()> {
        let emitters: Vec<_> = match self.emitters.cast_exact::<PyList>() {
            Ok(list) => list.iter().collect(),
            Err(_) => self.emitters.try_iter()?.collect::<PyResult<_>>()?,
        };
        let mut result = Ok(());
        for (index, emitter) in emitters.iter().enumerate() {
            let event = match fields.cast::<PyDict>() {
                Ok(dict) if !is_unshared || index + 1 < emitters.len() => dict.copy()?.into_any(),
                _ => fields.clone(),
            };
            let returned = call_user_method(emitter, crate::sync::once::intern!(self.py(), "input"), (event,));
            result = result.and(returned.map(drop));
        }
        Ok(result?)
    }

    fn creation_time(&self) -> Result<CreationTime<'py>> {
        if self.is_original || self.originals.get_timestamp_is_original(&self.tracker.get_type())? {
            return Ok(CreationTime::Native(now_ms(self.py())?));
        }
        Ok(CreationTime::Custom(call_user_method(
            self.tracker,
            crate::sync::once::intern!(self.py(), "get_timestamp"),
            (),
        )?))
    }

    /// Returns the id that the program gave to an event, or a new one.
    #[inline(always)]
    fn id_of(&self, event: &Snapshot<'py>, created: &CreationTime<'py>) -> Result<EventId<'py>> {
        match &event.event_id {
            Some(id) => Ok(EventId::Custom(id.clone())),
            None => self.new_id(created),
        }
    }

    fn new_id(&self, created: &CreationTime<'py>) -> Result<EventId<'py>> {
        if self.is_original || self.originals.get_uuid_is_original(&self.tracker.get_type())? {
            return EventId::new(self.py(), created.ms());
        }
        Ok(EventId::Custom(call_user_method(self.tracker, crate::sync::once::intern!(self.py(), "get_uuid"), ())?))
    }

    /// The attached thread.
    pub fn py(&self) -> Python<'py> {
        self.tracker.py()
    }
}
