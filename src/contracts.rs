//! Checks of constructor arguments, and the process-wide switch that disables them.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cpython::str::is_empty;
use crate::error::{Error, Result};

static ENABLED: AtomicBool = AtomicBool::new(true);

/// Enables or disables value checks in the whole process.
#[pyfunction]
pub fn set_contracts_enabled(enabled: bool) {
    ENABLED.store(enabled, Ordering::Relaxed);
}

/// Returns true if values are checked.
#[pyfunction]
pub fn contracts_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Requires a string, or an instance of a subclass of `str`, that is not empty.
pub fn require_text(parameter: &'static str, value: Option<&Bound<'_, PyAny>>) -> Result<()> {
    let is_text = value.is_some_and(|value| value.cast::<PyString>().is_ok() && !is_blank(value));
    if is_text || !contracts_enabled() { Ok(()) } else { Err(Error::Empty(parameter)) }
}

/// Requires an object that is neither None nor the empty string.
pub fn require(parameter: &'static str, value: Option<&Bound<'_, PyAny>>) -> Result<()> {
    let is_present = value.is_some_and(|value| !is_blank(value));
    if is_present || !contracts_enabled() { Ok(()) } else { Err(Error::Empty(parameter)) }
}

/// Returns true for None and the empty string: a payload omits both.
pub fn is_blank(value: &Bound<'_, PyAny>) -> bool {
    value.is_none() || value.cast::<PyString>().is_ok_and(is_empty)
}
