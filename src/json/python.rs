//! `dumps` and `b64`, and the warning about values that JSON cannot represent.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
use super::plain::append_plain;
use super::text::Replacements;
use super::writer::Writer;
use crate::cpython::lookup::tracker_module;
use crate::cpython::str::new_bytes;
use crate::output::Output;
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
use crate::scratch;
use crate::{base64, panics};

/// Returns an object as compact JSON in UTF-8.
#[pyfunction]
#[pyo3(signature = (obj, json_encoder=None))]
pub fn dumps<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyBytes>> {
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    if let Some(bytes) = plain_bytes(obj) {
        return bytes;
    }
    new_bytes(obj.py(), &json_bytes(obj, json_encoder)?)
}

/// Returns an object as JSON if it is plain, which needs neither the encoder nor a buffer of its own.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
#[inline]
fn plain_bytes<'py>(obj: &Bound<'py, PyAny>) -> Option<PyResult<Bound<'py, PyBytes>>> {
    scratch::with_buffer(|out| {
        let is_plain = panics::run_quick(obj.py(), || append_plain(out, obj)) == Some(true);
        is_plain.then(|| new_bytes(obj.py(), out))
    })
}

/// Returns an object as the URL-safe base64, with padding, of compact JSON.
#[pyfunction]
#[pyo3(signature = (obj, json_encoder=None))]
pub fn b64<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyString>> {
    let json = json_bytes(obj, json_encoder)?;
    let mut encoded = Output::new();
    base64::append(&mut encoded, &json);
    encoded.check()?;
    PyString::from_bytes(obj.py(), &encoded)
}

/// Returns an object as compact JSON in UTF-8.
pub fn json_bytes<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Output> {
    panics::catch(|| {
        let mut out = Output::new();
        // Without room for a small document, each would grow several times. If there is none, the first write fails.
        let _ = out.reserve(1024);
        let mut replaced = Replacements::default();
        Writer::new(&mut out, json_encoder, &mut replaced).write(obj)?;
        warn_of_replacements(obj.py(), replaced)?;
        Ok(out)
    })
}

/// Logs a warning if values were replaced.
pub fn warn_of_replacements(py: Python<'_>, replaced: Replacements) -> PyResult<()> {
    if replaced.non_finite + replaced.surrogates > 0 {
        tracker_module(py)?.call_method1("_warn_of_loss", (replaced.non_finite, replaced.surrogates))?;
    }
    Ok(())
}
