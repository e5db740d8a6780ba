//! Tells by one comparison whether a dict has changed since it was last read.
//!
//! Up to CPython 3.13, each change of a dict gives it a version that no dict had before (PEP 509, <https://peps.python.org/pep-0509/>).
//! CPython 3.14, and builds without the GIL, notify dict watchers before a change
//! (<https://docs.python.org/3/c-api/dict.html#c.PyDict_AddWatcher>). The limited API has neither: there, no dict counts as unchanged.

pub use imp::{forget_versions, is_still, prepare, version_of};

#[cfg(not(any(feature = "abi3", Py_3_14, Py_GIL_DISABLED)))]
mod imp {
    use pyo3::ffi::PyDictObject;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    /// Does nothing: versions need no preparation.
    pub fn prepare(_py: Python<'_>) {}

    /// Does nothing: no dict gets the version of another one.
    pub fn forget_versions() {}

    /// Returns the version of a dict, or 0 if it has none that can be trusted.
    #[expect(unsafe_code, reason = "comparing each item instead takes an eighth of track()")]
    #[cfg_attr(Py_3_12, expect(deprecated, reason = "removed in 3.14, where this module is not compiled"))]
    pub fn version_of(dict: &Bound<'_, PyDict>) -> u64 {
        let dict = dict.as_ptr().cast::<PyDictObject>();
        // SAFETY: the pointer is a live dict, which `dict` keeps alive, and the GIL is held.
        let dict = unsafe { &*dict };
        // The dict of an instance may share its values with the instance: CPython 3.13 changes those without a new version.
        if dict.ma_values.is_null() { dict.ma_version_tag } else { 0 }
    }

    /// Returns true if a dict still has this version, which must come from the same dict.
    pub fn is_still(dict: &Bound<'_, PyDict>, version: u64) -> bool {
        version != 0 && version_of(dict) == version
    }
}

#[cfg(all(not(feature = "abi3"), any(Py_3_14, Py_GIL_DISABLED)))]
mod imp {
    #![expect(unsafe_code, reason = "comparing each item instead takes a tenth of construct + track")]

    use std::ffi::c_int;
    use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

    use pyo3::ffi::PyObject;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    use crate::cpython::extern_python::extern_python;

    /// Grows with each change, or deallocation, of a watched dict. One number for all of them is enough: they hardly ever change.
    static CHANGES: AtomicU64 = AtomicU64::new(1);
    /// Negative if there is none: an interpreter has eight watchers, and other packages may have taken them all.
    static WATCHER: AtomicI32 = AtomicI32::new(-1);

    type OnChange = unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;

    extern_python! {
        fn PyDict_AddWatcher(on_change: OnChange) -> c_int;
        fn PyDict_Watch(watcher: c_int, dict: *mut PyObject) -> c_int;
    }

    unsafe extern "C" fn on_change(_: c_int, _: *mut PyObject, _: *mut PyObject, _: *mut PyObject) -> c_int {
        CHANGES.fetch_add(1, Ordering::Release);
        0
    }

    /// Returns the version of a dict, which is watched from now on, or 0 if it cannot be watched. Without the GIL, call it in a critical
    /// section of the dict: a thread that changes the dict holds its lock from before the notification until the change is made.
    pub fn version_of(dict: &Bound<'_, PyDict>) -> u64 {
        let watcher = WATCHER.load(Ordering::Relaxed);
        // SAFETY: the thread is attached, the object is a live dict, and the watcher is ours.
        if watcher >= 0 && unsafe { PyDict_Watch(watcher, dict.as_ptr()) } == 0 {
            return CHANGES.load(Ordering::Acquire);
        }
        drop(PyErr::take(dict.py()));
        0
    }

    /// Returns true if a dict still has this version, which must come from the same dict.
    pub fn is_still(_dict: &Bound<'_, PyDict>, version: u64) -> bool {
        CHANGES.load(Ordering::Acquire) == version
    }

    /// Makes all versions outdated. Call it before versions are compared with those of other dicts.
    pub fn forget_versions() {
        CHANGES.fetch_add(1, Ordering::Release);
    }

    /// Registers the watcher. Call it once, when the module is initialised: later, other threads could change dicts meanwhile.
    pub fn prepare(py: Python<'_>) {
        // SAFETY: the thread is attached, and `on_change` may be called at any time.
        let watcher = unsafe { PyDict_AddWatcher(on_change) };
        if watcher < 0 {
            drop(PyErr::take(py));
        }
        WATCHER.store(watcher, Ordering::Relaxed);
    }
}

#[cfg(feature = "abi3")]
mod imp {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    /// Does nothing: there are no versions.
    pub fn prepare(_py: Python<'_>) {}

    /// Does nothing: there are no versions.
    pub fn forget_versions() {}

    /// Returns 0: no version is known.
    pub fn version_of(_dict: &Bound<'_, PyDict>) -> u64 {
        0
    }

    /// Returns false: no dict is known to be unchanged.
    pub fn is_still(_dict: &Bound<'_, PyDict>, _version: u64) -> bool {
        false
    }
}
