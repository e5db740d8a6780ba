//! Payloads: the fields of an event, its subject and its tracker, written into a record or a dict.
//!
//! A later field replaces an earlier one of the same name. The order is: the event's own fields, its contexts, its true timestamp, the
//! subject's fields, id and creation time, the tracker's fields.

pub mod field_cache;
pub mod fields;
pub mod line;
pub mod python;
pub mod record;
mod true_timestamp;
pub mod usual;
pub mod usual_scope;
mod usual_value;

use std::sync::LazyLock;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt};

use crate::cpython::call::{call_user_method, get_user_attribute};
use crate::cpython::items::items;
use crate::cpython::lookup::subject_class;
use crate::envelope::Envelope;
use crate::error::{Error, Result};
use crate::events::{Shape, Snapshot, write_self_describing};
use crate::field_name::{FieldName, field_name};
use crate::json::writer::Writer;
use crate::scratch;
use fields::FieldWriter;
use true_timestamp::milliseconds;

/// Schema of an array of contexts.
pub const CONTEXT_SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
/// Schema that wraps a self-describing event.
pub const UNSTRUCT_EVENT_SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
/// Vendor of the schemas for mobile apps.
pub const MOBILE_SCHEMA_PATH: &str = "iglu:com.snowplowanalytics.mobile";
const SCREEN_VIEW_SCHEMA: &str = "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0";

/// Defines `SUBJECT_FIELDS`, and `SUBJECT_NAMES` in the same order.
macro_rules! subject_fields {
    ($($name:literal),*) => {
        /// The fields of a subject and of a tracker that can be cached. No kind of event has a field of one of these names, so a record
        /// of all of them contains no name twice.
        pub const SUBJECT_FIELDS: [&str; [$($name),*].len()] = [$($name),*];
        /// The same as field names.
        #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
        static SUBJECT_NAMES: [&FieldName; SUBJECT_FIELDS.len()] = [$(field_name!($name)),*];
    };
}

subject_fields!("p", "uid", "duid", "tnuid", "sid", "vid", "ip", "ua", "lang", "tz", "cd", "res", "vp");

/// See `SUBJECT_FIELDS`.
pub const TRACKER_FIELDS: [&str; 3] = ["tv", "tna", "aid"];

/// The wrapper of a self-describing event.
pub static UNSTRUCT_EVENT: LazyLock<Envelope> = LazyLock::new(|| Envelope::new(UNSTRUCT_EVENT_SCHEMA));
/// The wrapper of contexts.
pub static CONTEXTS: LazyLock<Envelope> = LazyLock::new(|| Envelope::new(CONTEXT_SCHEMA));

/// The encoding of JSON in a payload.
#[derive(Clone, Copy)]
pub struct Encoding<'a, 'py> {
    /// True for base64 in `ue_px` and `cx`, false for text in `ue_pr` and `co`.
    pub base64: bool,
    /// The program's function for objects that JSON does not support.
    pub json_encoder: Option<&'a Bound<'py, PyAny>>,
}

/// Returns the subject's fields for an event: those of the event's own subject combined with the tracker's, or the tracker's alone.
pub fn subject_fields<'py>(
    event_subject: Option<&Bound<'py, PyAny>>,
    tracker_subject: Option<&Bound<'py, PyAny>>,
) -> Result<Option<Bound<'py, PyDict>>> {
    let fields = match (event_subject, tracker_subject) {
        (Some(own), _) => {
            call_user_method(own, crate::sync::once::intern!(own.py(), "combine_subject"), (tracker_subject,))?
        }
        (None, Some(subject)) => standard_nv_pairs(subject)?,
        (None, None) => return Ok(None),
    };
    into_dict(fields).map(Some)
}

fn standard_nv_pairs<'py>(subject: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let name = crate::sync::once::intern!(subject.py(), "standard_nv_pairs");
    if subject.get_type().is(subject_class(subject.py())?) {
        return subject.getattr(name);
    }
    get_user_attribute(subject, name)
}

/// Returns a mapping as a dict: itself if it is one.
pub fn into_dict(mapping: Bound<'_, PyAny>) -> Result<Bound<'_, PyDict>> {
    mapping.cast_into::<PyDict>().or_else(|error| {
        let mapping = error.into_inner();
        let dict = mapping.py().get_type::<PyDict>().call1((mapping,))?;
        Ok(dict.cast_into::<PyDict>().map_err(PyErr::from)?)
    })
}

/// Writes all fields of an event: its own, contexts and true timestamp.
pub fn write_event<'py>(
    fields: &mut impl FieldWriter<'py>,
    event: &Snapshot<'py>,
    encoding: Encoding<'_, 'py>,
) -> Result<()> {
    write_event_with(fields, event, encoding, &[])
}

/// Writes all fields of an event, with further contexts after its own, whose JSON is given.
pub fn write_event_with<'py>(
    fields: &mut impl FieldWriter<'py>,
    event: &Snapshot<'py>,
    encoding: Encoding<'_, 'py>,
    further_contexts: &[u8],
) -> Result<()> {
    write_own_fields(fields, event, encoding)?;
    if !event.contexts.is_empty() || !further_contexts.is_empty() {
        write_contexts(fields, &event.contexts, encoding, further_contexts)?;
    }
    match &event.true_timestamp {
        Some(timestamp) => write_true_timestamp(fields, timestamp),
        None => Ok(()),
    }
}

fn write_own_fields<'py>(
    fields: &mut impl FieldWriter<'py>,
    event: &Snapshot<'py>,
    encoding: Encoding<'_, 'py>,
) -> Result<()> {
    if let Some(payload) = &event.payload {
        fields.items(&items(payload)?)?;
    }
    if let (Some(event_type), None) = (event.kind.event_type, &event.payload) {
        fields.text(field_name!("e"), event_type)?;
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
        Shape::SelfDescribing => write_unstruct_event(fields, encoding, |writer| match &event.values[0] {
            Some(json) => write_self_describing(writer, "event_json", json),
            None => Err(Error::NotSelfDescribing("event_json", "NoneType".to_owned())),
        }),
        Shape::ScreenView => write_unstruct_event(fields, encoding, |writer| write_screen_view(writer, event)),
    }
}

fn write_unstruct_event<'py>(
    fields: &mut impl FieldWriter<'py>,
    encoding: Encoding<'_, 'py>,
    write: impl FnOnce(&mut Writer<'_, 'py>) -> Result<()>,
) -> Result<()> {
    let name = if encoding.base64 { field_name!("ue_px") } else { field_name!("ue_pr") };
    write_enveloped(fields, name, &UNSTRUCT_EVENT, encoding, write)
}

/// Writes a field that contains an envelope around the JSON that `write` writes.
fn write_enveloped<'py>(
    fields: &mut impl FieldWriter<'py>,
    name: &'static FieldName,
    envelope: &Envelope,
    encoding: Encoding<'_, 'py>,
    write: impl FnOnce(&mut Writer<'_, 'py>) -> Result<()>,
) -> Result<()> {
    scratch::with_buffer(|json| {
        let mut writer = Writer::new(json, encoding.json_encoder, fields.replaced());
        writer.raw(envelope.tail());
        write(&mut writer)?;
        writer.raw(b"}");
        json.check()?;
        fields.encoded(name, envelope, json, encoding.base64)
    })
}

fn write_screen_view<'py>(writer: &mut Writer<'_, 'py>, event: &Snapshot<'py>) -> Result<()> {
    writer.raw(b"{\"schema\":\"");
    writer.raw(SCREEN_VIEW_SCHEMA.as_bytes());
    writer.raw(b"\",\"data\":");
    match &event.properties {
        Some(properties) => writer.write(properties).map_err(|error| error.within("data"))?,
        None => write_screen_view_values(writer, event)?,
    }
    writer.raw(b"}");
    Ok(())
}

fn write_screen_view_values<'py>(writer: &mut Writer<'_, 'py>, event: &Snapshot<'py>) -> Result<()> {
    let set = event.kind.fields.iter().zip(&event.values);
    let mut separator: &[u8] = b"{";
    for (field, value) in set.filter_map(|(field, value)| value.as_ref().map(|value| (field, value))) {
        writer.raw(separator);
        writer.raw(field.key.json_prefix().as_bytes());
        writer.write(value).map_err(|error| error.within(&format!("data.{}", field.key.text())))?;
        separator = b",";
    }
    writer.raw(if separator == b"{" { b"{}" } else { b"}" });
    Ok(())
}

fn write_contexts<'py>(
    fields: &mut impl FieldWriter<'py>,
    contexts: &[Bound<'py, PyAny>],
    encoding: Encoding<'_, 'py>,
    further: &[u8],
) -> Result<()> {
    let name = if encoding.base64 { field_name!("cx") } else { field_name!("co") };
    write_enveloped(fields, name, &CONTEXTS, encoding, |writer| {
        let mut separator: &[u8] = b"[";
        for (index, json) in contexts.iter().enumerate() {
            writer.raw(separator);
            write_self_describing(writer, "context", json)
                .map_err(|error| error.within(&format!("context[{index}].")))?;
            separator = b",";
        }
        if !further.is_empty() {
            writer.raw(separator);
            writer.raw(further);
        }
        writer.raw(b"]");
        Ok(())
    })
}

/// Writes `ttm` in whole milliseconds. It is omitted if the timestamp is neither a number nor a time.
fn write_true_timestamp<'py>(fields: &mut impl FieldWriter<'py>, timestamp: &Bound<'py, PyAny>) -> Result<()> {
    if timestamp.cast_exact::<PyInt>().is_ok() {
        return fields.value(field_name!("ttm"), timestamp);
    }
    match milliseconds(timestamp)? {
        Some(whole) => fields.value(field_name!("ttm"), &whole),
        None => Ok(()),
    }
}
