//! Payloads: an event, its subject and the tracker's facts put together, as a wire record or as a dict.
//!
//! Later fields win over earlier ones of the same name: the event's own, its contexts, its true timestamp, the subject's fields,
//! id and creation time, the tracker's facts.

mod envelope;
mod fields;
mod record;

use std::sync::LazyLock;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt};

use crate::container_items::items;
use crate::error::{Error, Result};
use crate::events::{Event, Shape, Snapshot, write_self_describing};
use crate::json::{Lossy, Writer};
use crate::name::{Name, name};
use crate::program_code::{attribute, call_method};
use crate::{python, scratch};
use envelope::Envelope;
pub use fields::{Dict, Fields};
use fields::{is_left_out, plain_text};
pub use record::Record;

/// Schema of an array of contexts.
pub const CONTEXT_SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
/// Schema around a self-describing event.
pub const UNSTRUCT_EVENT_SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
/// Vendor of the schemas for mobile apps.
pub const MOBILE_SCHEMA_PATH: &str = "iglu:com.snowplowanalytics.mobile";
const SCREEN_VIEW_SCHEMA: &str = "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0";

static UNSTRUCT_EVENT: LazyLock<Envelope> = LazyLock::new(|| Envelope::new(UNSTRUCT_EVENT_SCHEMA));
static CONTEXTS: LazyLock<Envelope> = LazyLock::new(|| Envelope::new(CONTEXT_SCHEMA));

/// How JSON travels in a payload.
#[derive(Clone, Copy)]
pub struct Encoding<'a, 'py> {
    /// In `ue_px` and `cx` as base64, or in `ue_pr` and `co` as text.
    pub base64: bool,
    /// The user's function for objects beyond JSON.
    pub json_encoder: Option<&'a Bound<'py, PyAny>>,
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
        (Some(own), _) => call_method(own, pyo3::intern!(own.py(), "combine_subject"), (tracker_subject,))?,
        (None, Some(subject)) => subject_pairs(subject)?,
        (None, None) => return Ok(None),
    };
    into_dict(fields).map(Some)
}

fn subject_pairs<'py>(subject: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let name = pyo3::intern!(subject.py(), "standard_nv_pairs");
    if subject.get_type().is(python::subject_class(subject.py())?) {
        return subject.getattr(name);
    }
    attribute(subject, name)
}

/// A mapping as a dict: itself if it is one.
pub fn into_dict(mapping: Bound<'_, PyAny>) -> Result<Bound<'_, PyDict>> {
    mapping.cast_into::<PyDict>().or_else(|error| {
        let dict = error.into_inner();
        let dict = dict.py().get_type::<PyDict>().call1((dict,))?;
        Ok(dict.cast_into::<PyDict>().map_err(PyErr::from)?)
    })
}

/// A copy of a payload's fields the way they leave, as text or with the types that they have.
pub fn clean<'py>(payload: &Bound<'py, PyDict>, as_text: bool) -> Result<Bound<'py, PyDict>> {
    let mut lossy = Lossy::default();
    let mut fields = Dict::begin(payload.py(), &mut lossy);
    for (name, value) in items(payload) {
        if !as_text {
            fields.item(&name, &value)?;
        } else if !is_left_out(&value) {
            fields.item(&name, plain_text(&value)?.as_any())?;
        }
    }
    let fields = fields.end();
    python::warn_of_loss(payload.py(), lossy)?;
    Ok(fields)
}

/// Returns a new `Payload` of an event: its own fields, contexts, true timestamp and subject. The event stays as it is.
///
/// A function and not a method: `snowplow_tracker/events/__init__.py` puts it on the class `Event`.
#[pyfunction]
#[pyo3(signature = (event, encode_base64, json_encoder, subject=None))]
pub fn build_payload<'py>(
    event: &Bound<'py, Event>,
    encode_base64: &Bound<'py, PyAny>,
    json_encoder: Option<Bound<'py, PyAny>>,
    subject: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, base64) = (event.py(), encode_base64.is_truthy()?);
    let event = Event::snapshot(event)?;
    let subject = subject_fields(event.event_subject.as_ref(), subject.as_ref())?;
    let subject = subject.as_ref().map(items).unwrap_or_default();
    let mut lossy = Lossy::default();
    let mut fields = Dict::begin(py, &mut lossy);
    write_event(&mut fields, &event, Encoding { base64, json_encoder: json_encoder.as_ref() })?;
    fields.items(&subject)?;
    let fields = fields.end();
    python::warn_of_loss(py, lossy)?;
    python::payload_class(py)?.call1((fields,))
}

/// Everything that an event says of itself.
pub fn write_event<'py>(
    fields: &mut impl Fields<'py>,
    event: &Snapshot<'py>,
    encoding: Encoding<'_, 'py>,
) -> Result<()> {
    own_fields(fields, event, encoding)?;
    if !event.contexts.is_empty() {
        contexts(fields, &event.contexts, encoding)?;
    }
    match &event.true_timestamp {
        Some(timestamp) => true_timestamp(fields, timestamp),
        None => Ok(()),
    }
}

fn own_fields<'py>(fields: &mut impl Fields<'py>, event: &Snapshot<'py>, encoding: Encoding<'_, 'py>) -> Result<()> {
    if let Some(payload) = &event.payload {
        fields.items(&items(payload))?;
    }
    if let (Some(event_type), None) = (event.kind.event_type, &event.payload) {
        fields.text(name!("e"), event_type)?;
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
            None => Err(Error::NotSelfDescribing("event_json", "NoneType".to_owned())),
        }),
        Shape::ScreenView => unstruct_event(fields, encoding, |writer| screen_view(writer, event)),
    }
}

fn unstruct_event<'py>(
    fields: &mut impl Fields<'py>,
    encoding: Encoding<'_, 'py>,
    write: impl FnOnce(&mut Writer<'_, 'py>) -> Result<()>,
) -> Result<()> {
    let name = if encoding.base64 { name!("ue_px") } else { name!("ue_pr") };
    json_field(fields, name, &UNSTRUCT_EVENT, encoding, write)
}

/// A field that holds an envelope around what `write` writes.
fn json_field<'py>(
    fields: &mut impl Fields<'py>,
    name: &'static Name,
    envelope: &Envelope,
    encoding: Encoding<'_, 'py>,
    write: impl FnOnce(&mut Writer<'_, 'py>) -> Result<()>,
) -> Result<()> {
    scratch::with_buffer(|json| {
        let mut writer = Writer::new(json, encoding.json_encoder, fields.lossy());
        writer.raw(envelope.rest());
        write(&mut writer)?;
        writer.raw(b"}");
        fields.encoded(name, envelope, json, encoding.base64)
    })
}

fn screen_view<'py>(writer: &mut Writer<'_, 'py>, event: &Snapshot<'py>) -> Result<()> {
    writer.raw(b"{\"schema\":\"");
    writer.raw(SCREEN_VIEW_SCHEMA.as_bytes());
    writer.raw(b"\",\"data\":");
    match &event.properties {
        Some(properties) => writer.write(properties)?,
        None => screen_view_values(writer, event)?,
    }
    writer.raw(b"}");
    Ok(())
}

fn screen_view_values<'py>(writer: &mut Writer<'_, 'py>, event: &Snapshot<'py>) -> Result<()> {
    let set = event.kind.fields.iter().zip(&event.values);
    let mut separator: &[u8] = b"{";
    for (field, value) in set.filter_map(|(field, value)| value.as_ref().map(|value| (field, value))) {
        writer.raw(separator);
        writer.raw(field.key.quoted().as_bytes());
        writer.write(value)?;
        separator = b",";
    }
    writer.raw(if separator == b"{" { b"{}" } else { b"}" });
    Ok(())
}

fn contexts<'py>(
    fields: &mut impl Fields<'py>,
    contexts: &[Bound<'py, PyAny>],
    encoding: Encoding<'_, 'py>,
) -> Result<()> {
    let name = if encoding.base64 { name!("cx") } else { name!("co") };
    json_field(fields, name, &CONTEXTS, encoding, |writer| {
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
        return fields.value(name!("ttm"), timestamp);
    }
    let is_finite_float = timestamp.cast::<PyFloat>().is_ok_and(|number| number.value().is_finite());
    if is_finite_float || timestamp.is_instance_of::<PyInt>() {
        let whole = timestamp.py().get_type::<PyInt>().call1((timestamp,))?;
        fields.value(name!("ttm"), &whole)?;
    }
    Ok(())
}

/// The fields of a subject and of a tracker. None of them is a native event's own: a record of all of them has no name twice.
pub const SUBJECT_FIELDS: [&str; 13] =
    ["p", "uid", "duid", "tnuid", "sid", "vid", "ip", "ua", "lang", "tz", "cd", "res", "vp"];
/// See above.
pub const TRACKER_FIELDS: [&str; 3] = ["tv", "tna", "aid"];
