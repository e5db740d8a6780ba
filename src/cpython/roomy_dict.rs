//! Dicts that have room for their items from the start.

use pyo3::prelude::*;
use pyo3::types::PyDict;

#[cfg(not(any(feature = "abi3", Py_3_14)))]
use super::extern_python::extern_python;

/// Returns an empty dict with room for so many items, if CPython has a function for it.
#[cfg(not(any(feature = "abi3", Py_3_14)))]
#[expect(unsafe_code, reason = "growing twice takes a tenth of an event for a custom emitter")]
pub fn dict_with_room(py: Python<'_>, items: isize) -> PyResult<Bound<'_, PyDict>> {
    extern_python! {
        /// PyO3 does not declare it.
        fn _PyDict_NewPresized(items: pyo3::ffi::Py_ssize_t) -> *mut pyo3::ffi::PyObject;
    }
    // SAFETY: the function returns a new dict, or raises.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, _PyDict_NewPresized(items))?.cast_into_unchecked()) }
}

/// Returns an empty dict: there is no function that makes room.
#[cfg(any(feature = "abi3", Py_3_14))]
#[expect(clippy::unnecessary_wraps, reason = "as above")]
pub fn dict_with_room(py: Python<'_>, _items: isize) -> PyResult<Bound<'_, PyDict>> {
    Ok(PyDict::new(py))
}
