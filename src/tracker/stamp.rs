//! The id and the creation time that `track` gives to each event.

use pyo3::prelude::*;

use crate::cpython::call::{call_user_code, str_of};
use crate::cpython::str::ascii;
use crate::error::{Error, Result};
use crate::event_id;
use crate::overrides::globals::{now, replaced_uuid4};
use crate::process;

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
    /// Creates an id for an event of the time `now_ms`, by `uuid.uuid4` if a program has replaced that.
    pub fn new(py: Python<'py>, now_ms: i64) -> Result<Self> {
        match replaced_uuid4(py)? {
            Some(uuid4) => Ok(Self::Custom(str_of(&call_user_code(&uuid4, (), None)?)?.into_any())),
            None => event_id::new_event_id(now_ms).map(Self::Native).map_err(Error::NoRandomness),
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

/// The creation time of an event.
pub enum CreationTime<'py> {
    /// In whole milliseconds, by `time.time`.
    Native(i64),
    /// Returned by a function of the program.
    Custom(Bound<'py, PyAny>),
}

impl<'py> CreationTime<'py> {
    /// Returns the time in milliseconds, 0 if the program's is no number.
    pub fn ms(&self) -> i64 {
        match self {
            Self::Native(ms) => *ms,
            Self::Custom(time) => time.extract().unwrap_or(0),
        }
    }

    /// Returns the time as a Python object.
    pub fn into_python(self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        match self {
            Self::Native(ms) => Ok(ms.into_pyobject(py).map_err(PyErr::from)?.into_any()),
            Self::Custom(time) => Ok(time),
        }
    }
}

/// Returns the number of this process, which differs from those of its parents, however it was forked.
#[pyfunction]
pub fn process_number() -> usize {
    process::number()
}
