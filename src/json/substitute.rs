//! What is written in place of an object that JSON does not support.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::cpython::call::call_user_code;
use crate::cpython::items::Item;
use crate::error::Result;

/// What is written in place of an object.
pub enum Substitute<'py> {
    /// Another object.
    Object(Bound<'py, PyAny>),
    /// A number of any precision, by its own digits.
    Digits(Bound<'py, PyString>),
    /// A JSON object of these items.
    Fields(Vec<Item<'py>>),
    /// A JSON array of these elements: a snapshot, since user code may change a set or a deque.
    Elements(Bound<'py, PyTuple>),
}

impl<'py> Substitute<'py> {
    /// Takes the elements of an iterable.
    pub fn elements_of(object: &Bound<'py, PyAny>) -> Result<Self> {
        let elements = call_user_code(&object.py().get_type::<PyTuple>(), (object,), None)?;
        Ok(Self::Elements(elements.cast_into().map_err(PyErr::from)?))
    }
}
