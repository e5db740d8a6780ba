//! The current scope and those around it, as `track` usually finds them: see `usual.rs`.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::cpython::lookup::scope_class;
use crate::overrides::Originals;
use crate::payload::usual_scope::ScopeContents;

/// Deeper scopes are not usual.
const MAX_DEPTH: usize = 4;

/// Returns what a scope and those around it contain, the innermost one first, or `None` if one of them is not usual: something in it is
/// still to be computed, or belongs to the program.
#[inline(never)]
pub fn contents_of<'py>(
    scope: Bound<'py, PyAny>,
    originals: &Originals,
) -> Option<[Option<ScopeContents<'py>>; MAX_DEPTH]> {
    let mut found = [const { None }; MAX_DEPTH];
    let mut next = Some(scope);
    for place in &mut found {
        let Some(scope) = next else { break };
        *place = Some(contents_of_one(&scope, originals)?);
        next = Some(scope.getattr(crate::sync::once::intern!(scope.py(), "parent")).ok()?);
        next = next.filter(|parent| !parent.is_none());
    }
    next.is_none().then_some(found)
}

fn contents_of_one<'py>(scope: &Bound<'py, PyAny>, originals: &Originals) -> Option<ScopeContents<'py>> {
    let py = scope.py();
    if !scope.get_type().is(scope_class(py).ok()?) {
        return None;
    }
    let read = |name| scope.getattr(name).ok();
    let deferred_fields = read(crate::sync::once::intern!(py, "_deferred_fields"))?;
    let deferred_entities = read(crate::sync::once::intern!(py, "_deferred_entities"))?;
    if !deferred_fields.cast_exact::<PyDict>().ok()?.is_empty()
        || !deferred_entities.cast_exact::<PyList>().ok()?.is_empty()
    {
        return None;
    }
    Some(ScopeContents {
        fields: originals.known_subject_fields(&read(crate::sync::once::intern!(py, "subject"))?)?,
        entities: read(crate::sync::once::intern!(py, "entities"))?.cast_into_exact().ok()?,
    })
}
