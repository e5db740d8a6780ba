//! Payloads: an event, its subject and the tracker's facts put together, as a wire record or as a dict.
//!
//! Later fields win over earlier ones of the same name: the event's own, its contexts, its true timestamp, the subject's fields,
//! id and creation time, the tracker's facts.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyString};

use crate::contracts::is_blank;
use crate::error::{Error, Result};
use crate::events::{Event, Shape, Snapshot, write_self_describing};
use crate::json::{self, Lossy, Writer};
use crate::{base64, python, scratch, text};

/// Schema of an array of contexts.
pub const CONTEXT_SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
/// Schema around a self-describing event.
pub const UNSTRUCT_EVENT_SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
/// Vendor of the schemas for mobile apps.
pub const MOBILE_SCHEMA_PATH: &str = "iglu:com.snowplowanalytics.mobile";
const SCREEN_VIEW_SCHEMA: &str = "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0";

/// How JSON travels in a payload.
#[derive(Clone, Copy)]
pub struct Encoding<'a, 'py> {
    /// In `ue_px` and `cx` as base64, or in `ue_pr` and `co` as text.
    pub base64: bool,
    /// The user's function for objects beyond JSON.
    pub json_encoder: Option<&'a Bound<'py, PyAny>>,
}

/// Where a payload's fields go, in order. None and "" are left out, as are numbers that are not finite.
pub trait Fields<'py> {
    /// A field with a value out of Python.
    fn value(&mut self, name: &'static str, value: &Bound<'py, PyAny>) -> Result<()>;
    /// A field with a name out of Python as well.
    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()>;
    /// A field with a plain text.
    fn text(&mut self, name: &'static str, text: &'static str) -> Result<()>;
    /// A field with JSON text or its base64.
    fn encoded(&mut self, name: &'static str, json: &[u8], base64: bool) -> Result<()>;
    /// Where to note what could not be said.
    fn lossy(&mut self) -> &mut Lossy;
}

/// A wire record in the making. Every value leaves as text, and no name comes twice: the caller sees to that.
pub struct Record<'a> {
    out: &'a mut Vec<u8>,
    lossy: &'a mut Lossy,
}

/// A dict in the making. Values keep their types, and a later field replaces an earlier one.
struct Dict<'a, 'py> {
    fields: Bound<'py, PyDict>,
    lossy: &'a mut Lossy,
}

impl<'a> Record<'a> {
    /// Begins a record in `out`.
    pub fn begin(out: &'a mut Vec<u8>, lossy: &'a mut Lossy) -> Self {
        out.push(b'{');
        Self { out, lossy }
    }

    /// Goes on with a part of a record.
    pub fn part(out: &'a mut Vec<u8>, lossy: &'a mut Lossy) -> Self {
        Self { out, lossy }
    }

    /// Appends fields that are encoded already, each with its comma.
    pub fn raw(&mut self, fields: &[u8]) {
        self.out.extend_from_slice(fields);
    }

    /// Ends the record.
    pub fn end(self) {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.out.push(b'}');
    }

    /// A field whose name and value need no escape.
    pub fn plain(&mut self, name: &'static str, value: &[u8]) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(b"\",");
    }

    fn name(&mut self, name: &'static str) {
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// The value as text: a text's own characters (an enum member's too), anything else as `str()` shows it.
    fn append_value(&mut self, value: &Bound<'_, PyAny>) -> Result<()> {
        if let Ok(text) = value.cast::<PyString>() {
            json::append_text(self.out, text, self.lossy)?;
        } else if let Ok(number) = value.cast_exact::<PyInt>()
            && let Ok(number) = number.extract::<i64>()
        {
            self.out.push(b'"');
            self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            self.out.push(b'"');
        } else {
            json::append_text(self.out, &value.str()?, self.lossy)?;
        }
        self.out.push(b',');
        Ok(())
    }
}

impl<'py> Fields<'py> for Record<'_> {
    fn value(&mut self, name: &'static str, value: &Bound<'py, PyAny>) -> Result<()> {
        // Most values are plain text: the rules for it, and nothing else, in one step.
        if let Ok(text) = value.cast_exact::<PyString>()
            && let Ok(text) = text.to_str()
        {
            if !text.is_empty() {
                self.name(name);
                text::append_string(self.out, text);
                self.out.push(b',');
            }
            return Ok(());
        }
        if is_left_out(value) {
            return Ok(());
        }
        self.name(name);
        self.append_value(value)
    }

    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        if is_left_out(value) {
            return Ok(());
        }
        json::append_text(self.out, &plain_text(name)?, self.lossy)?;
        self.out.push(b':');
        self.append_value(value)
    }

    fn text(&mut self, name: &'static str, text: &'static str) -> Result<()> {
        self.plain(name, text.as_bytes());
        Ok(())
    }

    fn encoded(&mut self, name: &'static str, json: &[u8], base64: bool) -> Result<()> {
        self.name(name);
        self.out.push(b'"');
        if base64 {
            base64::append(self.out, json);
        } else {
            text::append_escaped(self.out, json);
        }
        self.out.extend_from_slice(b"\",");
        Ok(())
    }

    fn lossy(&mut self) -> &mut Lossy {
        self.lossy
    }
}

impl<'py> Fields<'py> for Dict<'_, 'py> {
    fn value(&mut self, name: &'static str, value: &Bound<'py, PyAny>) -> Result<()> {
        self.item(PyString::new(self.fields.py(), name).as_any(), value)
    }

    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        if is_left_out(value) {
            return Ok(());
        }
        let name = plain_text(name)?;
        match value.cast::<PyString>() {
            Ok(text) if text.to_str().is_err() => {
                self.fields.set_item(name, json::without_surrogates(text, self.lossy)?)?;
            }
            _ => self.fields.set_item(name, value)?,
        }
        Ok(())
    }

    fn text(&mut self, name: &'static str, text: &'static str) -> Result<()> {
        Ok(self.fields.set_item(name, text)?)
    }

    fn encoded(&mut self, name: &'static str, json: &[u8], base64: bool) -> Result<()> {
        let mut encoded = Vec::new();
        if base64 {
            base64::append(&mut encoded, json);
        } else {
            encoded.extend_from_slice(json);
        }
        Ok(self.fields.set_item(name, String::from_utf8(encoded).map_err(PyErr::from)?)?)
    }

    fn lossy(&mut self) -> &mut Lossy {
        self.lossy
    }
}

/// The exact `str` for a value: a text's own characters (an enum member's too), anything else as `str()` shows it.
fn plain_text<'py>(value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
    match value.cast::<PyString>() {
        Ok(text) if text.is_exact_instance_of::<PyString>() => Ok(text.clone()),
        Ok(text) => Ok(value
            .py()
            .get_type::<PyString>()
            .call_method1("join", ("", (text,)))?
            .cast_into()
            .map_err(PyErr::from)?),
        Err(_) => Ok(value.str()?),
    }
}

fn is_left_out(value: &Bound<'_, PyAny>) -> bool {
    if value.cast::<PyString>().is_ok() || value.cast_exact::<PyInt>().is_ok() {
        return is_blank(value);
    }
    match value.cast::<PyFloat>() {
        Ok(number) => !number.value().is_finite(),
        Err(_) => value.is_none() || is_not_a_finite_number(value),
    }
}

/// Decimals and the like, by their text: a float could not hold each of them.
#[cold]
fn is_not_a_finite_number(value: &Bound<'_, PyAny>) -> bool {
    let text = || value.str().is_ok_and(|text| text.to_str().is_ok_and(is_named_non_finite));
    value.hasattr(pyo3::intern!(value.py(), "__float__")).unwrap_or(false) && text()
}

fn is_named_non_finite(text: &str) -> bool {
    let name = text.trim_start_matches(['+', '-', 's']).to_ascii_lowercase();
    ["nan", "inf", "infinity"].contains(&name.as_str())
}

/// The fields of a `Payload`.
pub fn nv_pairs<'py>(payload: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    Ok(payload.getattr(pyo3::intern!(payload.py(), "nv_pairs"))?.cast_into::<PyDict>()?)
}

/// The subject's fields for an event: the event's own subject combined with the tracker's, or the tracker's alone.
pub fn subject_fields<'py>(
    event_subject: Option<&Bound<'py, PyAny>>,
    tracker_subject: Option<&Bound<'py, PyAny>>,
) -> Result<Option<Bound<'py, PyDict>>> {
    let fields = match (event_subject, tracker_subject) {
        (Some(own), _) => own.call_method1(pyo3::intern!(own.py(), "combine_subject"), (tracker_subject,))?,
        (None, Some(subject)) => subject.getattr(pyo3::intern!(subject.py(), "standard_nv_pairs"))?,
        (None, None) => return Ok(None),
    };
    as_dict(&fields).map(Some)
}

/// A mapping as a dict: itself if it is one.
pub fn as_dict<'py>(mapping: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    if let Ok(dict) = mapping.cast::<PyDict>() {
        return Ok(dict.clone());
    }
    let dict = mapping.py().get_type::<PyDict>().call1((mapping,))?;
    Ok(dict.cast_into::<PyDict>().map_err(PyErr::from)?)
}

/// Everything that an event says of itself into a record.
pub fn write_event<'py>(record: &mut Record<'_>, event: &Snapshot<'py>, encoding: Encoding<'_, 'py>) -> Result<()> {
    assemble(record, event, None, encoding)
}

/// The fields of a dict into a record, whatever they are named.
pub fn write_items(record: &mut Record<'_>, items: &Bound<'_, PyDict>) -> Result<()> {
    all_items(record, items)
}

/// Everything that an event says of itself, and its subject, as a new dict.
pub fn event_as_dict<'py>(
    py: Python<'py>,
    event: &Snapshot<'py>,
    subject: Option<&Bound<'py, PyDict>>,
    encoding: Encoding<'_, 'py>,
) -> Result<Bound<'py, PyDict>> {
    let mut lossy = Lossy::default();
    let mut dict = Dict { fields: PyDict::new(py), lossy: &mut lossy };
    assemble(&mut dict, event, subject, encoding)?;
    let fields = dict.fields;
    python::warn_of_loss(py, lossy)?;
    Ok(fields)
}

/// A copy of a payload's fields the way they leave, as text or with the types that they have.
pub fn clean<'py>(items: &Bound<'py, PyDict>, as_text: bool) -> Result<Bound<'py, PyDict>> {
    let mut lossy = Lossy::default();
    let mut dict = Dict { fields: PyDict::new(items.py()), lossy: &mut lossy };
    for (name, value) in items.iter().collect::<Vec<_>>() {
        if !as_text {
            dict.item(&name, &value)?;
        } else if !is_left_out(&value) {
            dict.item(&name, plain_text(&value)?.as_any())?;
        }
    }
    let fields = dict.fields;
    python::warn_of_loss(items.py(), lossy)?;
    Ok(fields)
}

/// Adds a field to a payload's dict as `Payload.add` does.
pub fn add_item<'py>(fields: &Bound<'py, PyDict>, name: &'static str, value: &Bound<'py, PyAny>) -> Result<()> {
    let mut lossy = Lossy::default();
    Dict { fields: fields.clone(), lossy: &mut lossy }.value(name, value)?;
    Ok(python::warn_of_loss(fields.py(), lossy)?)
}

/// Adds fields to a payload's dict as `Payload.add_dict` does.
pub fn add_items<'py>(fields: &Bound<'py, PyDict>, items: &Bound<'py, PyDict>) -> Result<()> {
    let mut lossy = Lossy::default();
    all_items(&mut Dict { fields: fields.clone(), lossy: &mut lossy }, items)?;
    Ok(python::warn_of_loss(fields.py(), lossy)?)
}

/// `Event.build_payload`: a new `Payload`.
pub fn build<'py>(
    event: &Bound<'py, Event>,
    base64: bool,
    json_encoder: Option<Bound<'py, PyAny>>,
    subject: Option<Bound<'py, PyAny>>,
) -> Result<Bound<'py, PyAny>> {
    let py = event.py();
    let event = Event::snapshot(event)?;
    let subject = subject_fields(event.event_subject.as_ref(), subject.as_ref())?;
    let encoding = Encoding { base64, json_encoder: json_encoder.as_ref() };
    let fields = event_as_dict(py, &event, subject.as_ref(), encoding)?;
    Ok(python::payload_class(py)?.call1((fields,))?)
}

fn assemble<'py>(
    fields: &mut impl Fields<'py>,
    event: &Snapshot<'py>,
    subject: Option<&Bound<'py, PyDict>>,
    encoding: Encoding<'_, 'py>,
) -> Result<()> {
    own_fields(fields, event, encoding)?;
    if !event.contexts.is_empty() {
        contexts(fields, &event.contexts, encoding)?;
    }
    if let Some(timestamp) = &event.true_timestamp {
        true_timestamp(fields, timestamp)?;
    }
    match subject {
        Some(subject) => all_items(fields, subject),
        None => Ok(()),
    }
}

fn all_items<'py>(fields: &mut impl Fields<'py>, items: &Bound<'py, PyDict>) -> Result<()> {
    let items: Vec<_> = items.iter().collect();
    items.iter().try_for_each(|(name, value)| fields.item(name, value))
}

fn own_fields<'py>(fields: &mut impl Fields<'py>, event: &Snapshot<'py>, encoding: Encoding<'_, 'py>) -> Result<()> {
    if let Some(payload) = &event.payload {
        all_items(fields, payload)?;
    }
    if let (Some(event_type), None) = (event.kind.event_type, &event.payload) {
        fields.text("e", event_type)?;
    }
    let parameters = event.kind.fields.iter().zip(&event.values);
    match event.kind.shape {
        Shape::Flat if event.payload.is_some() => Ok(()),
        Shape::Flat => {
            for (field, value) in parameters {
                if let Some(value) = value {
                    fields.value(field.key, value)?;
                }
            }
            Ok(())
        }
        Shape::SelfDescribing => unstruct_event(fields, encoding, |writer| match &event.values[0] {
            Some(json) => write_self_describing(writer, "event_json", json),
            None => Err(Error::Empty("event_json")),
        }),
        Shape::ScreenView => unstruct_event(fields, encoding, |writer| screen_view(writer, event)),
    }
}

fn unstruct_event<'py>(
    fields: &mut impl Fields<'py>,
    encoding: Encoding<'_, 'py>,
    write: impl FnOnce(&mut Writer<'_, 'py>) -> Result<()>,
) -> Result<()> {
    let name = if encoding.base64 { "ue_px" } else { "ue_pr" };
    json_field(fields, name, UNSTRUCT_EVENT_SCHEMA, encoding, write)
}

/// A field that holds `{"schema": schema, "data": what write writes}`.
fn json_field<'py>(
    fields: &mut impl Fields<'py>,
    name: &'static str,
    schema: &'static str,
    encoding: Encoding<'_, 'py>,
    write: impl FnOnce(&mut Writer<'_, 'py>) -> Result<()>,
) -> Result<()> {
    scratch::with_buffer(|json| {
        json.extend_from_slice(b"{\"schema\":\"");
        json.extend_from_slice(schema.as_bytes());
        json.extend_from_slice(b"\",\"data\":");
        write(&mut Writer::new(json, encoding.json_encoder, fields.lossy()))?;
        json.push(b'}');
        fields.encoded(name, json, encoding.base64)
    })
}

fn screen_view<'py>(writer: &mut Writer<'_, 'py>, event: &Snapshot<'py>) -> Result<()> {
    writer.raw(b"{\"schema\":\"");
    writer.raw(SCREEN_VIEW_SCHEMA.as_bytes());
    writer.raw(b"\",\"data\":");
    if let Some(properties) = &event.properties {
        writer.write(properties)?;
    } else {
        let set = event.kind.fields.iter().zip(&event.values);
        let mut separator: &[u8] = b"{\"";
        for (field, value) in set.filter_map(|(field, value)| value.as_ref().map(|value| (field, value))) {
            writer.raw(separator);
            writer.raw(field.key.as_bytes());
            writer.raw(b"\":");
            writer.write(value)?;
            separator = b",\"";
        }
        writer.raw(if separator == b"{\"" { b"{}" } else { b"}" });
    }
    writer.raw(b"}");
    Ok(())
}

fn contexts<'py>(
    fields: &mut impl Fields<'py>,
    contexts: &[Bound<'py, PyAny>],
    encoding: Encoding<'_, 'py>,
) -> Result<()> {
    let name = if encoding.base64 { "cx" } else { "co" };
    json_field(fields, name, CONTEXT_SCHEMA, encoding, |writer| {
        let mut separator: &[u8] = b"[";
        for json in contexts {
            writer.raw(separator);
            write_self_describing(writer, "context", json)?;
            separator = b",";
        }
        writer.raw(b"]");
        Ok(())
    })
}

/// `ttm`: whole milliseconds. Anything but a number is no timestamp, and left out.
fn true_timestamp<'py>(fields: &mut impl Fields<'py>, timestamp: &Bound<'py, PyAny>) -> Result<()> {
    if timestamp.cast_exact::<PyInt>().is_ok() {
        return fields.value("ttm", timestamp);
    }
    let is_finite_float = timestamp.cast::<PyFloat>().is_ok_and(|number| number.value().is_finite());
    if is_finite_float || timestamp.is_instance_of::<PyInt>() {
        let whole = timestamp.py().get_type::<PyInt>().call1((timestamp,))?;
        fields.value("ttm", &whole)?;
    }
    Ok(())
}

/// The fields of a subject and of a tracker. None of them is a native event's own: a record of all of them has no name twice.
pub const SUBJECT_FIELDS: [&str; 13] =
    ["p", "uid", "duid", "tnuid", "sid", "vid", "ip", "ua", "lang", "tz", "cd", "res", "vp"];
/// See above.
pub const TRACKER_FIELDS: [&str; 3] = ["tv", "tna", "aid"];
