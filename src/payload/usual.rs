//! The fields of a usual event, as a part of a record. No Python code runs here, so everything is borrowed. At the first value that is
//! not usual, the work ends: see `tracker/usual.rs`.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::line::Line;
use super::usual_scope::{ScopeContents, missing_entities};
use super::usual_value::append_value;
use super::{CONTEXTS, UNSTRUCT_EVENT};
use crate::cpython::str::characters;
use crate::envelope::Envelope;
use crate::events::Shape;
use crate::events::usual::{UsualEvent, read_self_describing};
use crate::field_name::{FieldName, field_name};
use crate::json::plain::append_plain;
use crate::json::transcode;
use crate::output::Output;
use crate::overrides::Originals;

/// Appends all fields of an event, each with its comma, and the entities of scopes. `json` is memory for JSON. Returns `None` if the event
/// is not usual; what was appended is then meaningless.
#[inline(always)]
pub fn append_event(
    line: &mut Line<'_>,
    json: &mut Output,
    event: &UsualEvent<'_, '_>,
    scopes: &[Option<ScopeContents<'_>>],
    base64: bool,
    originals: &Originals,
) -> Option<()> {
    line.word(field_name!("e"), *event.kind.event_type?.text().as_bytes().first_chunk::<2>()?).ok()?;
    match event.kind.shape {
        Shape::Flat => {
            for (field, value) in event.kind.fields.iter().zip(event.values) {
                if let Some(value) = value {
                    append_value(line, field.key, value.bind(event.py))?;
                }
            }
        }
        Shape::SelfDescribing => {
            let name = if base64 { field_name!("ue_px") } else { field_name!("ue_pr") };
            start_json(json, &UNSTRUCT_EVENT);
            append_self_describing(json, event.values.first()?.as_ref()?.bind(event.py), originals)?;
            append_json(line, name, &UNSTRUCT_EVENT, json, base64)?;
        }
        Shape::ScreenView => return None,
    }
    if event.contexts.is_some_and(|contexts| !contexts.is_empty())
        || scopes.iter().flatten().any(|scope| !scope.entities.is_empty())
    {
        let name = if base64 { field_name!("cx") } else { field_name!("co") };
        start_json(json, &CONTEXTS);
        append_contexts(json, event.contexts, scopes, originals)?;
        append_json(line, name, &CONTEXTS, json, base64)?;
    }
    if let Some(timestamp) = event.true_timestamp {
        line.int(field_name!("ttm"), timestamp).ok()?;
    }
    Some(())
}

/// Starts the JSON in an envelope.
#[inline]
fn start_json(json: &mut Output, envelope: &Envelope) {
    json.clear();
    json.extend_from_slice(envelope.tail());
}

/// Appends a field with the JSON that follows the head of an envelope, or its base64.
#[inline]
fn append_json(
    line: &mut Line<'_>,
    name: &FieldName,
    envelope: &Envelope,
    json: &mut Output,
    base64: bool,
) -> Option<()> {
    json.push(b'}');
    json.check().ok()?;
    line.append_with(|out| {
        out.extend_from_slice(name.record_prefix().as_bytes());
        envelope.append(out, json, base64);
        out.extend_from_slice(b"\",");
    })
    .ok()
}

fn append_contexts(
    json: &mut Output,
    own: Option<&Bound<'_, PyList>>,
    scopes: &[Option<ScopeContents<'_>>],
    originals: &Originals,
) -> Option<()> {
    let mut separator = b'[';
    let mut append = |context: &Bound<'_, PyAny>| {
        json.push(separator);
        separator = b',';
        append_self_describing(json, context, originals)
    };
    if let Some(own) = own {
        UsualEvent::each_context(own, &mut append)?;
    }
    if !scopes.is_empty() {
        missing_entities(own, scopes, append)?;
    }
    json.push(b']');
    Some(())
}

#[inline]
fn append_self_describing(json: &mut Output, object: &Bound<'_, PyAny>, originals: &Originals) -> Option<()> {
    read_self_describing(object, originals, |schema, data| {
        let skips = &SKIPS[schema.as_ptr().addr() / 16 % SKIPS.len()];
        if let left @ 1.. = skips.load(Ordering::Relaxed) {
            skips.store(left - 1, Ordering::Relaxed);
            return None;
        }
        json.extend_from_slice(b"{\"schema\":");
        if !transcode::append_string(json, &characters(schema.cast_exact::<PyString>().ok()?)) {
            return None;
        }
        json.extend_from_slice(b",\"data\":");
        if !append_plain(json, data) {
            skips.store(SKIPPED, Ordering::Relaxed);
            return None;
        }
        json.push(b'}');
        Some(())
    })
}

/// How often data of a schema is still taken for not plain, without a look at it. By the addresses of the schemas: programs have constants
/// for them, and nothing but time depends on it.
static SKIPS: [AtomicU8; 64] = [const { AtomicU8::new(0) }; 64];
/// What is not plain is written twice. So data of the same schema is not tried so many times.
const SKIPPED: u8 = 50;
