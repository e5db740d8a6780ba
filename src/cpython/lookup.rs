//! Classes and modules of the package, looked up once, and attributes read without a method call.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyString};

/// Returns the cached object, or the result of `find`, which is then cached for ever. No lock is held while `find` runs: it may run
/// Python code that calls this function again.
pub fn get_or_import<'py, T>(
    cache: &'py PyOnceLock<Py<T>>,
    py: Python<'py>,
    find: impl FnOnce() -> PyResult<Bound<'py, T>>,
) -> PyResult<&'py Bound<'py, T>> {
    if let Some(found) = cache.get(py) {
        return Ok(found.bind(py));
    }
    let found = find()?.unbind();
    Ok(cache.get_or_init(py, || found).bind(py))
}

/// Returns the class `Payload`.
pub fn payload_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    get_or_import(&CLASS, py, || py.import("snowplow_tracker.payload")?.getattr("Payload"))
}

/// Returns the class `Subject`.
pub fn subject_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    get_or_import(&CLASS, py, || py.import("snowplow_tracker.subject")?.getattr("Subject"))
}

/// Returns the module `snowplow_tracker.tracker`, whose `time` and `uuid` programs may replace.
pub fn tracker_module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    get_or_import(&MODULE, py, || py.import("snowplow_tracker.tracker"))
}

/// Returns the namespace of the module `snowplow_tracker.tracker`.
pub fn tracker_namespace(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static NAMESPACE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    get_or_import(&NAMESPACE, py, || Ok(tracker_module(py)?.dict()))
}

/// Returns `sys.modules`.
pub fn modules(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
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
    Ok(payload.getattr(pyo3::intern!(payload.py(), "nv_pairs"))?.cast_into::<PyDict>()?)
}
