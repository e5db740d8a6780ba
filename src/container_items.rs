//! The items of dicts and lists as of one moment.

use std::ptr;

use pyo3::ffi;
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
use pyo3::ffi::PyList_GET_ITEM as list_item;
#[cfg(all(feature = "abi3", not(Py_GIL_DISABLED)))]
use pyo3::ffi::PyList_GetItem as list_item;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyDict;
#[cfg(not(Py_GIL_DISABLED))]
use pyo3::types::PyList;

/// A key and its value.
pub type Item<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);
/// The same, as a dict lends them.
type LentItem<'a, 'py> = (Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>);

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
#[expect(unsafe_code, reason = "see lent_entry")]
pub fn holds_same(dict: &Bound<'_, PyDict>, known: &[(Py<PyAny>, Py<PyAny>)]) -> bool {
    let (mut position, mut known) = (0, known.iter());
    // SAFETY: what was lent is compared and done with.
    while let Some((name, value)) = unsafe { lent_entry(dict, &mut position) } {
        if known.next().is_none_or(|known| !known.0.is(name) || !known.1.is(value)) {
            return false;
        }
    }
    known.next().is_none()
}

/// The next item of a dict, and the position moved on; None at the end. Without the GIL it is for critical sections of the dict.
#[expect(unsafe_code, reason = "see lent_entry")]
pub fn next_entry<'py>(dict: &Bound<'py, PyDict>, position: &mut isize) -> Option<Item<'py>> {
    // SAFETY: both are owned at once.
    let (name, value) = unsafe { lent_entry(dict, position) }?;
    Some((name.to_owned(), value.to_owned()))
}

/// The same, lent by the dict.
///
/// # Safety
///
/// What was lent is used, or owned, before the dict can change: before any Python code runs, a finaliser's too.
#[inline]
#[expect(unsafe_code, reason = "owning the items of each dict takes an eighth of writing it")]
pub unsafe fn lent_entry<'a, 'py>(dict: &'a Bound<'py, PyDict>, position: &mut isize) -> Option<LentItem<'a, 'py>> {
    let (mut name, mut value) = (ptr::null_mut(), ptr::null_mut());
    let py = dict.py();
    // SAFETY: `dict` is a live dict. Whatever the position, `PyDict_Next` keeps to the entries that the dict has now, and lends them.
    unsafe {
        let is_there = ffi::PyDict_Next(dict.as_ptr(), position, &raw mut name, &raw mut value) != 0;
        is_there.then(|| (Borrowed::from_ptr(py, name), Borrowed::from_ptr(py, value)))
    }
}

/// An element of a list, lent by it; None beyond its end.
///
/// # Safety
///
/// As for `lent_entry`.
#[cfg(not(Py_GIL_DISABLED))]
#[inline]
#[expect(unsafe_code, reason = "owning each element of a list takes an eighth of writing it")]
pub unsafe fn lent_element<'a, 'py>(list: &'a Bound<'py, PyList>, at: usize) -> Option<Borrowed<'a, 'py, PyAny>> {
    let is_there = at < list.len();
    // SAFETY: there is such an element, and the GIL keeps other threads from taking it out.
    is_there.then(|| unsafe { Borrowed::from_ptr(list.py(), list_item(list.as_ptr(), at.cast_signed())) })
}
