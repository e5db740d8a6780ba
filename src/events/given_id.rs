//! The event id that a program gives to an event, for example so that the pipeline recognises an event that was tracked again.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cpython::call::str_of;
use crate::cpython::str::ascii;
use crate::error::{Error, Result};
use crate::event_id::canonical_text;

/// Returns the canonical text of an id, in lower case. Fails if it is neither a `uuid.UUID` nor the text of one.
#[cold]
pub fn given_id(id: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
    let py = id.py();
    let text = match id.cast::<PyString>() {
        Ok(text) => Some(text.clone()),
        Err(_) if id.is_instance(&py.import("uuid")?.getattr("UUID")?)? => Some(str_of(id)?),
        Err(_) => None,
    };
    match text.as_ref().and_then(|text| canonical_text(text.to_str().ok()?)) {
        Some(canonical) => Ok(ascii(py, &canonical)?.into_any().unbind()),
        None => Err(Error::NotEventId(id.repr().map_or_else(|_| "?".to_owned(), |shown| shown.to_string()))),
    }
}
