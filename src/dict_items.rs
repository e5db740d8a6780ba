//! The items of a dict as of one moment.

use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyDict;

/// A key and its value.
pub type Item<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The items of a dict as of now: user code that runs meanwhile, or another thread, may change it.
pub fn items<'py>(dict: &Bound<'py, PyDict>) -> Vec<Item<'py>> {
    let mut items = Vec::new();
    append_items(&mut items, dict);
    items
}

/// Appends the items of a dict as of now.
pub fn append_items<'py>(items: &mut Vec<Item<'py>>, dict: &Bound<'py, PyDict>) {
    with_critical_section(dict, || {
        items.reserve(dict.len());
        let mut position = 0;
        while let Some(item) = next_entry(dict, &mut position) {
            items.push(item);
        }
    });
}

/// Whether a dict holds the very same objects, in the same order. Without the GIL it is for critical sections of the dict.
pub fn holds_same(dict: &Bound<'_, PyDict>, known: &[(Py<PyAny>, Py<PyAny>)]) -> bool {
    let (mut position, mut known) = (0, known.iter());
    while let Some((name, value)) = lent_entry(dict, &mut position) {
        if known.next().is_none_or(|known| known.0.as_ptr() != name || known.1.as_ptr() != value) {
            return false;
        }
    }
    known.next().is_none()
}

/// The next item of a dict, and the position moved on; None at the end. Without the GIL it is for critical sections of the dict.
#[inline]
#[expect(unsafe_code, reason = "copying the items of each dict takes an eighth of writing it")]
pub fn next_entry<'py>(dict: &Bound<'py, PyDict>, position: &mut isize) -> Option<Item<'py>> {
    let (name, value) = lent_entry(dict, position)?;
    // SAFETY: the dict has just lent both, and nothing has happened since.
    Some(unsafe { (Bound::from_borrowed_ptr(dict.py(), name), Bound::from_borrowed_ptr(dict.py(), value)) })
}

/// The same as pointers, good for comparing.
#[inline]
#[expect(unsafe_code, reason = "see next_entry")]
fn lent_entry(dict: &Bound<'_, PyDict>, position: &mut isize) -> Option<(*mut ffi::PyObject, *mut ffi::PyObject)> {
    let (mut name, mut value) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: `dict` is a live dict. Whatever the position, `PyDict_Next` keeps to the entries that the dict has now.
    let is_there = unsafe { ffi::PyDict_Next(dict.as_ptr(), position, &raw mut name, &raw mut value) } != 0;
    is_there.then_some((name, value))
}
