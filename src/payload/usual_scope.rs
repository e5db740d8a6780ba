//! What scopes add to a usual event. As in `usual.rs`, no Python code runs here, and everything is borrowed.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use super::SUBJECT_NAMES;
use super::line::Line;
use super::usual_value::append_value;
use crate::characters::Characters;
use crate::cpython::entries::Entries;
use crate::cpython::str::characters;

/// What one scope contains.
pub struct ScopeContents<'py> {
    /// The fields of its subject.
    pub fields: Bound<'py, PyDict>,
    /// Its entities.
    pub entities: Bound<'py, PyList>,
}

/// Appends the fields of the subjects of scopes, the innermost one first, and of the tracker. Each name is appended once: an earlier subject
/// takes precedence.
///
/// Most requests have their own scope, so there is nothing to cache.
pub fn append_subjects(
    line: &mut Line<'_>,
    scopes: &[Option<ScopeContents<'_>>],
    tracker: Option<&Bound<'_, PyDict>>,
) -> Option<()> {
    let mut seen = [false; SUBJECT_NAMES.len()];
    let mut fields = scopes.iter().flatten().map(|scope| &scope.fields).chain(tracker);
    fields.try_for_each(|fields| append_subject(line, fields, &mut seen))
}

#[expect(unsafe_code, reason = "see borrowed_entry")]
fn append_subject(
    line: &mut Line<'_>,
    fields: &Bound<'_, PyDict>,
    seen: &mut [bool; SUBJECT_NAMES.len()],
) -> Option<()> {
    // SAFETY: no Python code runs as long as the entries are used.
    let mut entries = unsafe { Entries::of(fields) };
    // SAFETY: as above.
    while let Some((name, value)) = unsafe { entries.next() } {
        let at = index_of(&name)?;
        // A value that a payload omits takes precedence as well.
        if !std::mem::replace(&mut seen[at], true) && !value.is_none() {
            append_value(line, SUBJECT_NAMES[at], &value)?;
        }
    }
    Some(())
}

/// Returns the index of a name, or `None` if it is not in the protocol.
fn index_of(name: &Bound<'_, PyAny>) -> Option<usize> {
    let interned = SUBJECT_NAMES.iter().position(|known| known.python(name.py()).is(name));
    interned.or_else(|| {
        let Characters::Utf8(text) = characters(name.cast_exact::<PyString>().ok()?) else { return None };
        SUBJECT_NAMES.iter().position(|known| known.text().as_bytes() == text)
    })
}

/// Calls `work` with each entity of scopes that is neither among the event's own nor one before it: those of outer scopes first. Returns
/// `None` if that does.
pub fn missing_entities<'py>(
    own: Option<&Bound<'py, PyList>>,
    scopes: &[Option<ScopeContents<'py>>],
    mut work: impl FnMut(&Bound<'py, PyAny>) -> Option<()>,
) -> Option<()> {
    for (depth, scope) in scopes.iter().enumerate().rev() {
        let Some(ScopeContents { entities, .. }) = scope else { continue };
        let outer = || scopes[depth + 1..].iter().flatten().map(|scope| &scope.entities);
        for (index, entity) in entities.iter().enumerate() {
            let is_same = |other: Bound<'_, PyAny>| other.is(&entity);
            if !outer().chain(own).any(|list| list.iter().any(is_same)) && !entities.iter().take(index).any(is_same) {
                work(&entity)?;
            }
        }
    }
    Some(())
}
