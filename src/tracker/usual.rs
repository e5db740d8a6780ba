//! The usual call of `track` in one straight line: nothing of the tracker, the event or the emitter is overridden or patched, there is one
//! emitter with a buffer in memory, all names and versions are known, and the data is plain.
//!
//! No Python code runs except for the clock, so everything is borrowed instead of copied. Whatever is not usual ends the line before
//! anything happened that a program could notice: the caller then takes the general way (`track.rs`), which also learns what is looked up
//! here. Without the GIL, other threads could change what is borrowed: there, this file is not compiled.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use std::mem;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::TrackerCore;
use super::scope::value_of;
use super::stamp::now_ms;
use super::usual_scope::contents_of;
use crate::cpython::call::call_user_method;
use crate::cpython::str::ascii;
use crate::emitter::EmitterCore;
use crate::event_id::Ids;
use crate::events::usual::UsualEvent;
use crate::field_name::field_name;
use crate::output::Output;
use crate::overrides::globals::{knows_clock, knows_uuid4};
use crate::overrides::{Originals, originals};
use crate::panics::{self, run_quick};
use crate::payload::line::Line;
use crate::payload::usual::append_event;
use crate::payload::usual_scope::{ScopeContents, append_subjects};
use crate::sync::gil_cell::GilCell;

/// Memory for a record, and for JSON in it, that is used again for the next event.
#[derive(Default)]
struct Memory {
    record: Output,
    json: Output,
}

static MEMORY: GilCell<Memory> = GilCell::new(Memory { record: Output::new(), json: Output::new() });
/// One generator for all threads: only the one that holds the GIL uses it.
static IDS: GilCell<Ids> = GilCell::new(Ids::new());
/// Larger memory is freed, so that one huge event does not cost memory for ever.
const MAX_REUSED_BYTES: usize = 256 * 1024;

/// Tracks a usual event. Returns its id, or `None` if the call is not usual and nothing has happened.
pub fn track<'py>(tracker: &Bound<'py, PyAny>, event: &Bound<'py, PyAny>) -> Option<PyResult<Bound<'py, PyAny>>> {
    let py = tracker.py();
    // The clock may be a C function that calls Python code, which may track events. So nothing is borrowed while it runs.
    let mut memory = MEMORY.with(py, mem::take);
    let result = run_quick(py, || begin(&mut memory, tracker, event)).flatten().and_then(|emitter| {
        let created_ms = match now_ms(py) {
            Ok(created_ms) => created_ms,
            Err(error) => return Some(Err(error)),
        };
        let (id, is_flush_due) = run_quick(py, || end(&mut memory, &emitter, created_ms)).flatten()?;
        Some(if is_flush_due { flush(&emitter).map(|()| id) } else { Ok(id) })
    });
    keep(py, memory);
    result
}

fn keep(py: Python<'_>, memory: Memory) {
    if memory.record.capacity().max(memory.json.capacity()) <= MAX_REUSED_BYTES {
        drop(MEMORY.with(py, |kept| mem::replace(kept, memory)));
    }
}

/// Flushes, which may run the program's code, and that may track.
#[cold]
#[inline(never)]
fn flush(emitter: &Bound<'_, EmitterCore>) -> PyResult<()> {
    let name = crate::sync::once::intern!(emitter.py(), "flush");
    Python::attach(|_| panics::catch(|| call_user_method(emitter, name, ()).map(drop)))
}

/// Writes the record up to the id. Returns the emitter.
#[inline(always)]
#[expect(unsafe_code, reason = "looking for a base class takes a fiftieth of a page view")]
fn begin<'py>(
    memory: &mut Memory,
    tracker: &Bound<'py, PyAny>,
    event: &Bound<'py, PyAny>,
) -> Option<Bound<'py, EmitterCore>> {
    let py = tracker.py();
    let originals = originals(py).ok()?;
    if !(originals.knows_tracker(tracker) && knows_clock(py) && knows_uuid4(py)) {
        return None;
    }
    // SAFETY: only classes of trackers are asked for, and known: see `Originals::tracker_is_original`.
    let state = &unsafe { tracker.cast_unchecked::<TrackerCore>() }.get().state;
    let loaded = state.settings.load(py);
    let settings = loaded.get()?.usual(py)?;
    let emitter = emitter_of(settings.emitters, originals)?;
    let subject_fields = match settings.subject {
        Some(subject) => Some(originals.known_subject_fields(subject)?),
        None => None,
    };
    let Memory { record, json } = memory;
    record.clear();
    let mut line = Line::begin(record, 512).ok()?;
    line.raw(b"{").ok()?;
    state.tracker_fields.peek(settings.standard_nv_pairs, |fields| line.raw(fields).ok())??;
    if let Some(variable) = settings.scope
        && let Some(scope) = value_of(variable).ok()?
    {
        let scopes = contents_of(scope, originals)?;
        append_in_scopes(&mut line, json, event, &scopes, subject_fields.as_ref(), settings.base64)?;
    } else {
        if let Some(subject_fields) = &subject_fields {
            state.subject_fields.peek(subject_fields, |fields| line.raw(fields).ok())??;
        }
        UsualEvent::read(event, originals, |event| {
            append_event(&mut line, json, &event, &[], settings.base64, originals)
        })?;
    }
    line.end();
    Some(emitter)
}

/// Appends the fields of subjects and of an event inside scopes.
#[inline(never)]
fn append_in_scopes<'py>(
    line: &mut Line<'_>,
    json: &mut Output,
    event: &Bound<'py, PyAny>,
    scopes: &[Option<ScopeContents<'py>>],
    subject_fields: Option<&Bound<'py, PyDict>>,
    base64: bool,
) -> Option<()> {
    append_subjects(line, scopes, subject_fields)?;
    let originals = originals(event.py()).ok()?;
    UsualEvent::read(event, originals, |event| append_event(line, json, &event, scopes, base64, originals))
}

/// Returns the only emitter, if it is usual.
#[inline(always)]
#[expect(unsafe_code, reason = "see begin")]
fn emitter_of<'py>(emitters: &Bound<'py, PyList>, originals: &Originals) -> Option<Bound<'py, EmitterCore>> {
    if emitters.len() != 1 {
        return None;
    }
    let emitter = emitters.get_item(0).ok()?;
    if !originals.knows_emitter(&emitter) {
        return None;
    }
    // SAFETY: only classes of emitters are asked for, and known: see `RecordSink::of`.
    let emitter = unsafe { emitter.cast_into_unchecked::<EmitterCore>() };
    emitter.get().has_buffer(emitter.py()).then_some(emitter)
}

/// Completes the record, and appends it. Returns the id, and whether a flush is due.
#[inline(always)]
fn end<'py>(
    memory: &mut Memory,
    emitter: &Bound<'py, EmitterCore>,
    created_ms: i64,
) -> Option<(Bound<'py, PyAny>, bool)> {
    let py = emitter.py();
    let id = IDS.with(py, |ids| ids.next(created_ms)).ok()?;
    let mut line = Line::begin(&mut memory.record, 128).ok()?;
    line.word(field_name!("eid"), id).ok()?;
    line.int(field_name!("dtm"), created_ms).ok()?;
    line.close(b'}');
    line.end();
    let id = ascii(py, &id).ok()?.into_any();
    let is_flush_due = emitter.get().append(py, &memory.record, created_ms)?;
    Some((id, is_flush_due))
}
