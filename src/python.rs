//! The Python side by name: its classes, modules and functions, each looked up once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyString, PyType};

use crate::json::{Lossy, Writer};
use crate::{base64, event_id, panics};

/// The class Payload.
pub fn payload_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "snowplow_tracker.payload", "Payload")
}

/// The module `snowplow_tracker.tracker`, whose `time` and `uuid` users may replace.
pub fn tracker_module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("snowplow_tracker.tracker").map(Bound::unbind))?;
    Ok(module.bind(py))
}

/// Its namespace.
fn tracker_namespace(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static NAMESPACE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let namespace = NAMESPACE.get_or_try_init(py, || tracker_module(py).map(|module| module.dict().unbind()))?;
    Ok(namespace.bind(py))
}

/// The compact JSON text of an object, by the one writer of this package.
#[pyfunction]
#[pyo3(signature = (obj, json_encoder=None))]
pub fn dumps<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyString>> {
    let json = json_bytes(obj, json_encoder)?;
    PyString::from_bytes(obj.py(), &json)
}

/// The same as URL-safe base64 with padding.
#[pyfunction]
#[pyo3(signature = (obj, json_encoder=None))]
pub fn b64<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyString>> {
    let json = json_bytes(obj, json_encoder)?;
    let mut encoded = Vec::new();
    base64::append(&mut encoded, &json);
    PyString::from_bytes(obj.py(), &encoded)
}

fn json_bytes<'py>(obj: &Bound<'py, PyAny>, json_encoder: Option<&Bound<'py, PyAny>>) -> PyResult<Vec<u8>> {
    panics::guarded(|| {
        let mut out = Vec::new();
        let mut lossy = Lossy::default();
        Writer::new(&mut out, json_encoder, &mut lossy).write(obj)?;
        warn_of_loss(obj.py(), lossy)?;
        Ok(out)
    })
}

/// Has event ids come from a new seed. To be called in a child after a fork.
#[pyfunction]
pub fn forget_pooled_randomness() {
    event_id::seed_anew();
}

/// Logs what JSON could not say, if there was any.
pub fn warn_of_loss(py: Python<'_>, lossy: Lossy) -> PyResult<()> {
    if lossy.non_finite + lossy.surrogates > 0 {
        tracker_module(py)?.call_method1("_warn_of_loss", (lossy.non_finite, lossy.surrogates))?;
    }
    Ok(())
}

/// The clock as Python shows it: freezegun replaces `time.time`, time-machine changes it in place, tests patch either module.
pub fn now(py: Python<'_>) -> PyResult<f64> {
    let name = pyo3::intern!(py, "time");
    let time = match tracker_namespace(py)?.get_item(name)? {
        Some(time) => time,
        None => tracker_module(py)?.getattr(name)?,
    };
    attribute(&time, name)?.call0()?.extract()
}

/// An attribute, straight out of the dict where the object is a module that has it.
fn attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(module) = object.cast_exact::<PyModule>()
        && let Some(value) = module.dict().get_item(name)?
    {
        return Ok(value);
    }
    object.getattr(name)
}

/// `uuid.uuid4`, where a program has replaced it.
pub fn replaced_uuid4(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let module = match tracker_namespace(py)?.get_item(pyo3::intern!(py, "uuid"))? {
        Some(module) => Some(module),
        None => modules(py)?.get_item(pyo3::intern!(py, "uuid"))?,
    };
    let Some(module) = module else { return Ok(None) };
    let uuid4 = attribute(&module, pyo3::intern!(py, "uuid4"))?;
    Ok(if is_the_library_s_uuid4(&uuid4, &module)? { None } else { Some(uuid4) })
}

fn modules(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    MODULES.import(py, "sys", "modules")
}

/// The function that the standard library defines is known by the module that it was made in, and from then on by its identity.
fn is_the_library_s_uuid4(uuid4: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<bool> {
    static GENUINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = uuid4.py();
    if let Some(genuine) = GENUINE.get(py) {
        return Ok(uuid4.is(genuine));
    }
    let is_genuine = uuid4.get_type().name()? == "function"
        && module.cast::<PyModule>().is_ok_and(|module| module.name().is_ok_and(|name| name == "uuid"))
        && uuid4.getattr("__globals__")?.is(module.getattr("__dict__")?);
    if is_genuine {
        let _ = GENUINE.set(py, uuid4.clone().unbind());
    }
    Ok(is_genuine)
}
