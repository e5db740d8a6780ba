//! Value checks of what users construct, and the process-wide switch that turns them off.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::{Error, Result};

static ENABLED: AtomicBool = AtomicBool::new(true);

/// Turns value checks on or off in the whole process.
#[pyfunction]
pub fn set_contracts_enabled(enabled: bool) {
    ENABLED.store(enabled, Ordering::Relaxed);
}

/// Whether values are checked.
#[pyfunction]
pub fn contracts_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// A required text: neither missing nor empty, and a `str` or a subclass of it.
pub fn require_text(parameter: &'static str, value: Option<&Bound<'_, PyAny>>) -> Result<()> {
    let is_text = value.is_some_and(|value| value.cast::<PyString>().is_ok() && !is_blank(value));
    if is_text || !contracts_enabled() { Ok(()) } else { Err(Error::Empty(parameter)) }
}

/// A required object of any kind.
pub fn require(parameter: &'static str, value: Option<&Bound<'_, PyAny>>) -> Result<()> {
    let is_there = value.is_some_and(|value| !is_blank(value));
    if is_there || !contracts_enabled() { Ok(()) } else { Err(Error::Empty(parameter)) }
}

/// What a payload leaves out: None and the empty text.
pub fn is_blank(value: &Bound<'_, PyAny>) -> bool {
    value.is_none() || value.cast::<PyString>().is_ok_and(|text| text.to_str().is_ok_and(str::is_empty))
}
