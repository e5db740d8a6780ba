//! Whether a dict is still as it was when it was last looked at, for the price of one comparison.
//!
//! Up to `CPython` 3.13 each change of any dict gives it a version that no dict had before (PEP 509). Later ones, and those without a
//! GIL, tell whoever watches a dict before they change it (PEP 699). The limited API has neither: there no dict is known to be
//! unchanged, and each is looked at anew.

pub use known::{is_still, prepare, version_of};

#[cfg(not(any(feature = "abi3", Py_3_14, Py_GIL_DISABLED)))]
mod known {
    use pyo3::ffi::PyDictObject;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    /// Nothing is to be prepared.
    pub fn prepare(_py: Python<'_>) {}

    /// The version of a dict as of now; 0 where none is known.
    #[expect(unsafe_code, reason = "looking at each item instead takes an eighth of track()")]
    #[cfg_attr(Py_3_12, expect(deprecated, reason = "gone in 3.14, and not used there"))]
    pub fn version_of(dict: &Bound<'_, PyDict>) -> u64 {
        let dict = dict.as_ptr().cast::<PyDictObject>();
        // SAFETY: the pointer is that of a live dict, which the bound holds a reference to, and the GIL is held.
        let dict = unsafe { &*dict };
        // An instance's dict may share its values with the instance, which 3.13 changes without a new version.
        if dict.ma_values.is_null() { dict.ma_version_tag } else { 0 }
    }

    /// Whether a dict still has the version that was asked of this same one.
    pub fn is_still(dict: &Bound<'_, PyDict>, version: u64) -> bool {
        version != 0 && version_of(dict) == version
    }
}

#[cfg(all(not(any(feature = "abi3", windows)), any(Py_3_14, Py_GIL_DISABLED)))]
mod known {
    #![expect(unsafe_code, reason = "looking at each item instead takes a tenth of construct + track")]

    use std::ffi::c_int;
    use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

    use pyo3::ffi::PyObject;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    /// Grows with each change of a watched dict, its end included. One number for all of them: hardly any of them ever changes.
    static CHANGES: AtomicU64 = AtomicU64::new(1);
    /// Negative where there is none: an interpreter has a handful, and other packages may have taken them all.
    static WATCHER: AtomicI32 = AtomicI32::new(-1);

    type OnChange = unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;

    unsafe extern "C" {
        fn PyDict_AddWatcher(on_change: OnChange) -> c_int;
        fn PyDict_Watch(watcher: c_int, dict: *mut PyObject) -> c_int;
    }

    unsafe extern "C" fn on_change(_: c_int, _: *mut PyObject, _: *mut PyObject, _: *mut PyObject) -> c_int {
        CHANGES.fetch_add(1, Ordering::Release);
        0
    }

    /// The version of a dict as of now, which is watched from here on; 0 where it cannot be. Without the GIL it is for critical
    /// sections of the dict: who changes it holds its lock from before the call until the change is made.
    pub fn version_of(dict: &Bound<'_, PyDict>) -> u64 {
        let watcher = WATCHER.load(Ordering::Relaxed);
        // SAFETY: the thread is attached, the object is a live dict, and the watcher one of ours.
        if watcher >= 0 && unsafe { PyDict_Watch(watcher, dict.as_ptr()) } == 0 {
            return CHANGES.load(Ordering::Acquire);
        }
        drop(PyErr::take(dict.py()));
        0
    }

    /// Whether a dict still has the version that was asked of this same one.
    pub fn is_still(_dict: &Bound<'_, PyDict>, version: u64) -> bool {
        CHANGES.load(Ordering::Acquire) == version
    }

    /// Begins to watch. To be called once, when the module is made: other threads would change dicts while they wait.
    pub fn prepare(py: Python<'_>) {
        // SAFETY: the thread is attached, and the function keeps to the protocol of watchers: it may be called at any time.
        let watcher = unsafe { PyDict_AddWatcher(on_change) };
        if watcher < 0 {
            drop(PyErr::take(py));
        }
        WATCHER.store(watcher, Ordering::Relaxed);
    }
}

#[cfg(any(feature = "abi3", all(windows, any(Py_3_14, Py_GIL_DISABLED))))]
mod known {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    /// Nothing is to be prepared.
    pub fn prepare(_py: Python<'_>) {}

    /// The version of a dict as of now; 0 where none is known.
    pub fn version_of(_dict: &Bound<'_, PyDict>) -> u64 {
        0
    }

    /// Whether a dict still has the version that was asked of this same one.
    pub fn is_still(_dict: &Bound<'_, PyDict>, _version: u64) -> bool {
        false
    }
}
