//! Whether a dict is still as it was when it was last looked at, for the price of one comparison.
//!
//! Up to `CPython` 3.13 each change of any dict gives it a version that no dict had before (PEP 509). Where there is none, no dict is
//! known to be unchanged, and each is looked at anew.

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The version of a dict as of now; 0 where the interpreter has no such thing.
#[cfg(any(feature = "abi3", Py_3_14, Py_GIL_DISABLED))]
pub fn version_of(_dict: &Bound<'_, PyDict>) -> u64 {
    0
}

/// The version of a dict as of now; 0 where the interpreter has no such thing.
#[cfg(not(any(feature = "abi3", Py_3_14, Py_GIL_DISABLED)))]
#[expect(unsafe_code, reason = "looking at each item instead takes an eighth of track()")]
#[cfg_attr(Py_3_12, expect(deprecated, reason = "gone in 3.14, and not used there"))]
pub fn version_of(dict: &Bound<'_, PyDict>) -> u64 {
    let dict = dict.as_ptr().cast::<pyo3::ffi::PyDictObject>();
    // SAFETY: the pointer is that of a live dict, which the bound holds a reference to, and the GIL is held.
    let dict = unsafe { &*dict };
    // An instance's dict may share its values with the instance, which 3.13 changes without a new version.
    if dict.ma_values.is_null() { dict.ma_version_tag } else { 0 }
}
