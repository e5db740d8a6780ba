//! Subclasses of dict, list and tuple, and the keys of dicts that are not strings.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::scalars::{float_repr, int_repr};
use super::stack::Remaining;
use super::writer::Writer;
use crate::cpython::call::{call_user_code, call_user_method};
use crate::error::{Error, Result, type_name};

impl<'py> Writer<'_, 'py> {
    /// Opens a subclass of dict, by the result of its `items`.
    pub(super) fn open_mapping(&mut self, dict: &Bound<'py, PyDict>) -> Result<()> {
        if dict.is_empty() {
            self.raw(b"{}");
            return Ok(());
        }
        // The frame comes first: `items` must not be called for a dict that contains itself.
        self.stack.open(dict, Remaining::Items(Vec::new().into_iter()))?;
        // A list is made of the items at once: without the GIL, another thread may change the dict.
        let items = call_user_method(dict, crate::sync::once::intern!(dict.py(), "items"), ())?;
        let items = call_user_code(&dict.py().get_type::<PyList>(), (items,), None)?;
        let items = items.try_iter()?.map(|item| item?.extract()).collect::<PyResult<Vec<_>>>()?;
        self.set_remaining(Remaining::Items(items.into_iter()));
        self.out.push(b'{');
        Ok(())
    }

    /// Opens a subclass of list or tuple, by iterating over it.
    pub(super) fn open_iterable(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.out.push(b'[');
        self.stack.open(object, Remaining::Iterator(object.try_iter()?))
    }

    /// Sets the remaining part of the innermost container.
    pub(super) fn set_remaining(&mut self, remaining: Remaining<'py>) {
        if let Some(frame) = self.stack.last_mut() {
            frame.remaining = remaining;
        }
    }

    /// Writes a key that is not a plain string, as `json.dumps` does.
    #[cold]
    #[inline(never)]
    pub(super) fn uncommon_key(&mut self, key: &Bound<'py, PyAny>) -> Result<()> {
        if let Ok(text) = key.cast::<PyString>() {
            return self.text(text);
        }
        self.out.push(b'"');
        if key.is_none() {
            self.raw(b"null");
        } else if let Ok(flag) = key.cast_exact::<PyBool>() {
            self.raw(if flag.is_true() { b"true" } else { b"false" });
        } else if let Ok(number) = key.cast::<PyInt>() {
            self.raw(int_repr(number)?.to_str()?.as_bytes());
        } else if let Ok(number) = key.cast::<PyFloat>() {
            match number.value() {
                f64::INFINITY => self.raw(b"Infinity"),
                f64::NEG_INFINITY => self.raw(b"-Infinity"),
                value if value.is_nan() => self.raw(b"NaN"),
                _ => self.raw(float_repr(number)?.to_str()?.as_bytes()),
            }
        } else {
            return Err(Error::NotJsonKey(type_name(key)));
        }
        self.out.push(b'"');
        Ok(())
    }
}
