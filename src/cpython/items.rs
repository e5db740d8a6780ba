//! The items of dicts and lists, owned or borrowed.

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

use crate::output::NoMemory;

/// A key and its value.
pub type Item<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);
/// A key and its value, borrowed from a dict.
type BorrowedItem<'a, 'py> = (Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>);

/// Returns a snapshot of the items of a dict: user code, or another thread, may change the dict while they are used.
pub fn items<'py>(dict: &Bound<'py, PyDict>) -> Result<Vec<Item<'py>>, NoMemory> {
    items_from(dict, 0)
}

/// Returns a snapshot of the items of a dict from a position on.
pub fn items_from<'py>(dict: &Bound<'py, PyDict>, mut position: isize) -> Result<Vec<Item<'py>>, NoMemory> {
    let mut items = Vec::new();
    with_critical_section(dict, || {
        items.try_reserve_exact(dict.len()).map_err(|_| NoMemory)?;
        while let Some(item) = next_entry(dict, &mut position) {
            items.push(item);
        }
        Ok(items)
    })
}

/// Collects results whose number comes from data. `collect` would abort the process if there is no memory for them.
pub fn collect_results<T>(results: impl Iterator<Item = PyResult<T>>) -> PyResult<Vec<T>> {
    let mut collected = Vec::new();
    for result in results {
        let result = result?;
        collected.try_reserve(1).map_err(|_| NoMemory)?;
        collected.push(result);
    }
    Ok(collected)
}

/// Returns true if a dict contains the same objects in the same order. Without the GIL, call it in a critical section of the dict.
#[expect(unsafe_code, reason = "see borrowed_entry")]
pub fn contains_same(dict: &Bound<'_, PyDict>, known: &[(Py<PyAny>, Py<PyAny>)]) -> bool {
    let (mut position, mut known) = (0, known.iter());
    // SAFETY: comparing addresses runs no Python code, and the borrowed objects are not used after it.
    while let Some((name, value)) = unsafe { borrowed_entry(dict, &mut position) } {
        if known.next().is_none_or(|known| !known.0.is(name) || !known.1.is(value)) {
            return false;
        }
    }
    known.next().is_none()
}

/// Returns the next item of a dict and advances the position, or returns `None` at the end. Without the GIL, call it in a critical
/// section of the dict.
#[expect(unsafe_code, reason = "see borrowed_entry")]
pub fn next_entry<'py>(dict: &Bound<'py, PyDict>, position: &mut isize) -> Option<Item<'py>> {
    // SAFETY: both objects are owned at once.
    let (name, value) = unsafe { borrowed_entry(dict, position) }?;
    Some((name.to_owned(), value.to_owned()))
}

/// Returns the next item of a dict, borrowed from the dict.
///
/// # Safety
///
/// Use the borrowed objects, or take ownership of them, before the dict can change: before any Python code runs, a finaliser included.
#[inline]
#[expect(unsafe_code, reason = "taking ownership of each item takes an eighth of writing a dict")]
pub unsafe fn borrowed_entry<'a, 'py>(
    dict: &'a Bound<'py, PyDict>,
    position: &mut isize,
) -> Option<BorrowedItem<'a, 'py>> {
    let (mut name, mut value) = (ptr::null_mut(), ptr::null_mut());
    let py = dict.py();
    // SAFETY: `dict` is a live dict. Whatever the position is, PyDict_Next stays within the entries that the dict has now.
    unsafe {
        let found = ffi::PyDict_Next(dict.as_ptr(), position, &raw mut name, &raw mut value) != 0;
        found.then(|| (Borrowed::from_ptr(py, name), Borrowed::from_ptr(py, value)))
    }
}

/// An object that stays alive while its characters are read: under the limited API, that may run Python code.
#[cfg(feature = "abi3")]
pub fn held<'py>(object: Borrowed<'_, 'py, PyAny>) -> Bound<'py, PyAny> {
    object.to_owned()
}

/// An object that stays alive while its characters are read, which runs no Python code.
#[cfg(all(not(feature = "abi3"), not(Py_GIL_DISABLED)))]
#[inline(always)]
pub fn held<'a, 'py>(object: Borrowed<'a, 'py, PyAny>) -> Borrowed<'a, 'py, PyAny> {
    object
}

/// Returns an element of a list, borrowed from the list, or `None` past its end.
///
/// # Safety
///
/// As for `borrowed_entry`.
#[cfg(not(Py_GIL_DISABLED))]
#[inline]
#[expect(unsafe_code, reason = "taking ownership of each element takes an eighth of writing a list")]
pub unsafe fn borrowed_element<'a, 'py>(list: &'a Bound<'py, PyList>, at: usize) -> Option<Borrowed<'a, 'py, PyAny>> {
    let exists = at < list.len();
    // SAFETY: the element exists, and the GIL keeps other threads from removing it.
    exists.then(|| unsafe { Borrowed::from_ptr(list.py(), list_item(list.as_ptr(), at.cast_signed())) })
}
