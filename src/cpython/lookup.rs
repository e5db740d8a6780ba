//! Classes and modules of the package, looked up once, and attributes read without a method call.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::sync::once::SetOnce;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString};

use crate::cpython::dict_version::forget_versions;

/// Returns the cached object, or the result of `find`, which is then cached for ever. No lock is held while `find` runs: it may run
/// Python code that calls this function again.
pub fn get_or_import<'py, T>(
    cache: &'py SetOnce<Py<T>>,
    py: Python<'py>,
    find: impl FnOnce() -> PyResult<Bound<'py, T>>,
) -> PyResult<&'py Bound<'py, T>> {
    if let Some(found) = cache.get(py) {
        return Ok(found.bind(py));
    }
    let found = find()?.unbind();
    Ok(cache.get_or_init(py, || found).bind(py))
}

/// The Python half of this package. A program may import it several times: by `importlib.reload`, or after it removed the package from
/// `sys.modules`.
pub struct Package {
    payload: Py<PyAny>,
    tracker: Py<PyModule>,
    tracker_namespace: Py<PyDict>,
    previous: Option<&'static Package>,
}

/// The latest import. Never freed: other threads may be using it.
static PACKAGE: AtomicPtr<Package> = AtomicPtr::new(ptr::null_mut());

impl Package {
    /// Uses the modules of a new import of the package from now on.
    pub fn set_imported(py: Python<'_>) -> PyResult<&Self> {
        let tracker = py.import("snowplow_tracker.tracker")?;
        let package = Self {
            payload: py.import("snowplow_tracker.payload")?.getattr("Payload")?.unbind(),
            tracker_namespace: tracker.dict().unbind(),
            tracker: tracker.unbind(),
            previous: Self::loaded(),
        };
        PACKAGE.store(Box::into_raw(Box::new(package)), Ordering::Release);
        forget_versions();
        Self::latest(py)
    }

    fn latest(py: Python<'_>) -> PyResult<&Self> {
        Self::loaded().map_or_else(|| Self::set_imported(py), Ok)
    }

    #[expect(unsafe_code, reason = "a lock would be contended by all threads that track")]
    fn loaded() -> Option<&'static Self> {
        // SAFETY: null, or a pointer from `Box::into_raw` that is never freed.
        unsafe { PACKAGE.load(Ordering::Acquire).as_ref() }
    }
}

/// Returns the class `Payload`.
pub fn payload_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    Ok(Package::latest(py)?.payload.bind(py))
}

/// Returns true for a `Payload` of any import of the package.
pub fn is_payload(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let mut package = Some(Package::latest(object.py())?);
    while let Some(Package { payload, previous, .. }) = package {
        if object.is_instance(payload.bind(object.py()))? {
            return Ok(true);
        }
        package = *previous;
    }
    Ok(false)
}

/// Returns the class `Subject`.
pub fn subject_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: SetOnce<Py<PyAny>> = SetOnce::new();
    get_or_import(&CLASS, py, || py.import("snowplow_tracker.subject")?.getattr("Subject"))
}

/// Returns the class `Scope`.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
pub fn scope_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: SetOnce<Py<PyAny>> = SetOnce::new();
    get_or_import(&CLASS, py, || py.import("snowplow_tracker._scope")?.getattr("Scope"))
}

/// Returns the module `snowplow_tracker.tracker`, whose `time` and `uuid` programs may replace.
pub fn tracker_module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    Ok(Package::latest(py)?.tracker.bind(py))
}

/// Returns the namespace of the module `snowplow_tracker.tracker`.
pub fn tracker_namespace(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    Ok(Package::latest(py)?.tracker_namespace.bind(py))
}

/// Returns `sys.modules`.
pub fn modules(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MODULES: SetOnce<Py<PyDict>> = SetOnce::new();
    get_or_import(&MODULES, py, || Ok(py.import("sys")?.getattr("modules")?.cast_into()?))
}

/// Returns an attribute of an object, taken straight from the namespace if the object is a module.
pub fn module_attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(module) = object.cast_exact::<PyModule>()
        && let Some(value) = module.dict().get_item(name)?
    {
        return Ok(value);
    }
    object.getattr(name)
}

/// Returns the fields of a `Payload`.
pub fn nv_pairs<'py>(payload: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    Ok(payload.getattr(crate::sync::once::intern!(payload.py(), "nv_pairs"))?.cast_into::<PyDict>()?)
}
