//! Strings, numbers, booleans and None.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

use super::escape;
use super::text::append_text;
use super::writer::Writer;
use crate::cpython::str::{borrowed_utf8, small_int, utf8};
use crate::error::Result;

impl Writer<'_, '_> {
    /// Writes an exact `str`, or returns false if it is not one or contains a lone surrogate. In the second case Python code may have run:
    /// a garbage collection that the exception started, or an error handler.
    #[inline]
    pub(super) fn plain_text(&mut self, object: &Bound<'_, PyAny>) -> bool {
        let Some(text) = object.cast_exact::<PyString>().ok().and_then(utf8) else { return false };
        escape::append_string(self.out, text);
        true
    }

    /// Writes a scalar of an exact built-in type, or returns false if it is none. Python code may run as in `plain_text`.
    #[inline]
    pub(super) fn plain_scalar(&mut self, object: &Bound<'_, PyAny>) -> bool {
        self.constant(object) || self.plain_text(object)
    }

    /// Like `plain_scalar`, but never runs Python code: returns false for strings whose UTF-8 is not cached yet, unless they are Latin-1.
    #[inline]
    pub(super) fn constant(&mut self, object: &Bound<'_, PyAny>) -> bool {
        if let Some(text) = borrowed_utf8(object) {
            escape::append_string(self.out, text);
        } else if let Ok(number) = object.cast_exact::<PyInt>() {
            let Some(number) = small_int(number) else { return false };
            escape::append_short(self.out, itoa::Buffer::new().format(number).as_bytes());
        } else if let Ok(number) = object.cast_exact::<PyFloat>() {
            self.float(number.value());
        } else if object.is_none() {
            escape::append_short(self.out, b"null");
        } else if let Ok(flag) = object.cast_exact::<PyBool>() {
            escape::append_short(self.out, if flag.is_true() { b"true" } else { b"false" });
        } else {
            return false;
        }
        true
    }

    pub(super) fn text(&mut self, text: &Bound<'_, PyString>) -> Result<()> {
        self.out.push(b'"');
        append_text(self.out, text, self.replaced)?;
        self.out.push(b'"');
        Ok(())
    }

    pub(super) fn int(&mut self, number: &Bound<'_, PyInt>) -> Result<()> {
        if let Some(small) = small_int(number) {
            self.raw(itoa::Buffer::new().format(small).as_bytes());
            return Ok(());
        }
        let digits = int_repr(number)?;
        self.raw(digits.to_str()?.as_bytes());
        Ok(())
    }

    pub(super) fn float(&mut self, number: f64) {
        if number.is_finite() {
            escape::append_short(self.out, zmij::Buffer::new().format_finite(number).as_bytes());
        } else {
            self.replaced.non_finite += 1;
            self.raw(b"null");
        }
    }
}

/// Returns `int.__repr__(number)`, as `json.dumps` writes an int, even if a subclass overrides `__repr__`.
pub(super) fn int_repr<'py>(number: &Bound<'py, PyInt>) -> Result<Bound<'py, PyString>> {
    base_repr::<PyInt>(number)
}

/// Returns `float.__repr__(number)`, even if a subclass overrides `__repr__`.
pub(super) fn float_repr<'py>(number: &Bound<'py, PyFloat>) -> Result<Bound<'py, PyString>> {
    base_repr::<PyFloat>(number)
}

fn base_repr<'py, T: pyo3::PyTypeInfo>(number: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
    let base = number.py().get_type::<T>();
    let repr = base.call_method1(crate::sync::once::intern!(number.py(), "__repr__"), (number,))?;
    Ok(repr.cast_into::<PyString>().map_err(PyErr::from)?)
}
