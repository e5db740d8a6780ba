//! The id and the creation time that `track` gives to each event.

use pyo3::prelude::*;

use crate::cpython::call::{call_user_code, str_of};
use crate::cpython::str::ascii;
use crate::error::{Error, Result};
use crate::event_id;
use crate::overrides::globals::{now, replaced_uuid4};

/// Returns the current time in whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "fractions of milliseconds are cut")]
pub fn now_ms(py: Python<'_>) -> PyResult<i64> {
    Ok((now(py)? * 1000.0) as i64)
}

/// An event id.
pub enum EventId<'py> {
    /// Created natively: 36 ASCII characters.
    Native([u8; 36]),
    /// Returned by a function of the program.
    Custom(Bound<'py, PyAny>),
}

impl<'py> EventId<'py> {
    /// Creates an id, by `uuid.uuid4` if a program has replaced that.
    pub fn new(py: Python<'py>) -> Result<Self> {
        match replaced_uuid4(py)? {
            Some(uuid4) => Ok(Self::Custom(str_of(&call_user_code(&uuid4, (), None)?)?.into_any())),
            None => event_id::new_event_id().map(Self::Native).map_err(Error::NoRandomness),
        }
    }

    /// Returns the id as a Python object.
    pub fn into_python(self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        match self {
            Self::Native(text) => Ok(ascii(py, &text)?.into_any()),
            Self::Custom(id) => Ok(id),
        }
    }
}

/// Reseeds the generators of event ids. Must be called in a forked child, or it would create the same ids as its parent.
#[pyfunction]
pub fn reseed_event_ids() {
    event_id::reseed();
}
