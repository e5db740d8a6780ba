//! Subclasses of dict, list and tuple, and the keys of dicts that are not strings.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::rules::substitute;
use super::scalars::{float_repr, int_repr};
use super::stack::Remaining;
use super::substitute::Substitute;
use super::writer::Writer;
use crate::cpython::call::{call_user_code, call_user_method};
use crate::cpython::items::collect_results;
use crate::error::{Error, MAX_DEPTH, Result, type_name};

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
        let items = collect_results(items.try_iter()?.map(|item| item?.extract()))?;
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

    /// Writes a key that is not a plain string: as `json.dumps` does, or as text of what the built-in rules make of it.
    #[cold]
    #[inline(never)]
    pub(super) fn uncommon_key(&mut self, key: &Bound<'py, PyAny>) -> Result<()> {
        let mut text = key.clone();
        // A substitute may need a rule itself, such as the value of an enum member.
        for _ in 0..MAX_DEPTH {
            if self.basic_key(&text)? {
                return Ok(());
            }
            text = match substitute(&text)? {
                Some(Substitute::Object(object)) => object,
                Some(Substitute::Digits(digits)) => digits.into_any(),
                _ => return Err(Error::NotJsonKey(type_name(key))),
            };
        }
        Err(Error::TooDeep)
    }

    /// Writes a key of a type that `json.dumps` accepts, or returns false.
    fn basic_key(&mut self, key: &Bound<'py, PyAny>) -> Result<bool> {
        if let Ok(text) = key.cast::<PyString>() {
            self.text(text)?;
            return Ok(true);
        }
        let text = if key.is_none() {
            Cow::Borrowed("null")
        } else if let Ok(flag) = key.cast_exact::<PyBool>() {
            Cow::Borrowed(if flag.is_true() { "true" } else { "false" })
        } else if let Ok(number) = key.cast::<PyInt>() {
            Cow::Owned(int_repr(number)?.to_str()?.to_owned())
        } else if let Ok(number) = key.cast::<PyFloat>() {
            match number.value() {
                f64::INFINITY => Cow::Borrowed("Infinity"),
                f64::NEG_INFINITY => Cow::Borrowed("-Infinity"),
                value if value.is_nan() => Cow::Borrowed("NaN"),
                _ => Cow::Owned(float_repr(number)?.to_str()?.to_owned()),
            }
        } else {
            return Ok(false);
        };
        self.out.push(b'"');
        self.raw(text.as_bytes());
        self.out.push(b'"');
        Ok(true)
    }
}
