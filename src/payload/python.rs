//! Payloads as Python functions: `Event.build_payload`, and the cleaning of the dicts that emitters take.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::fields::{DictWriter, FieldWriter, exact_str, is_omitted};
use super::{Encoding, subject_fields, write_event};
use crate::cpython::items::items;
use crate::cpython::lookup::payload_class;
use crate::error::Result;
use crate::events::Event;
use crate::json::python::warn_of_replacements;
use crate::json::text::Replacements;
use crate::panics;

/// Returns a new `Payload` with the event's fields, contexts, true timestamp and subject. The event stays as it is.
///
/// This is a function, and not a method, so that `events` does not depend on `payload`. `snowplow_tracker/events/__init__.py` puts it on
/// the class `Event`.
#[pyfunction]
#[pyo3(signature = (event, encode_base64, json_encoder, subject=None))]
pub fn build_payload<'py>(
    event: &Bound<'py, Event>,
    encode_base64: &Bound<'py, PyAny>,
    json_encoder: Option<Bound<'py, PyAny>>,
    subject: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    panics::catch(|| {
        let (py, base64) = (event.py(), encode_base64.is_truthy()?);
        let event = Event::snapshot(event)?;
        let subject = subject_fields(event.event_subject.as_ref(), subject.as_ref())?;
        let subject = subject.as_ref().map(items).transpose()?.unwrap_or_default();
        let mut replaced = Replacements::default();
        let mut fields = DictWriter::begin(py, &mut replaced)?;
        write_event(&mut fields, &event, Encoding { base64, json_encoder: json_encoder.as_ref() })?;
        fields.items(&subject)?;
        let fields = fields.end();
        warn_of_replacements(py, replaced)?;
        payload_class(py)?.call1((fields,))
    })
}

/// Returns a copy of a payload's fields as they are sent: without None, empty strings, numbers that are not finite, and lone surrogates.
/// Values become strings if `as_text`, and keep their types if not.
#[pyfunction]
pub fn clean_fields<'py>(payload: &Bound<'py, PyAny>, as_text: bool) -> PyResult<Bound<'py, PyDict>> {
    panics::catch(|| {
        if let Ok(fields) = payload.cast::<PyDict>() {
            return Ok(clean(fields, as_text)?);
        }
        let fields = PyDict::new(payload.py());
        for item in payload.call_method0("items")?.try_iter()? {
            let (name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
            fields.set_item(name, value)?;
        }
        Ok(clean(&fields, as_text)?)
    })
}

fn clean<'py>(payload: &Bound<'py, PyDict>, as_text: bool) -> Result<Bound<'py, PyDict>> {
    let mut replaced = Replacements::default();
    let mut fields = DictWriter::begin(payload.py(), &mut replaced)?;
    for (name, value) in items(payload)? {
        if !as_text {
            fields.item(&name, &value)?;
        } else if !is_omitted(&value)? {
            fields.item(&name, exact_str(&value)?.as_any())?;
        }
    }
    let fields = fields.end();
    warn_of_replacements(payload.py(), replaced)?;
    Ok(fields)
}
