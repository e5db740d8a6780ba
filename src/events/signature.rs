//! Gives the constructors of native classes a signature, for `inspect.signature` and `unittest.mock.create_autospec`.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

/// Replaces the slot wrapper `__init__`, which has no signature, by the method `__construct__`, which has one and does the same.
///
/// The class's dict is changed directly. Setting the attribute would replace `tp_init` by `slot_tp_init`, which looks up `__init__` at each
/// construction (a tenth of construct + track).
pub fn install_signature(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let attributes = py.import("gc")?.call_method1("get_referents", (class.getattr("__dict__")?,))?.get_item(0)?;
    let attributes = attributes.cast::<PyDict>()?;
    let init = attributes.as_any().call_method1("pop", ("__construct__",))?;
    name_init(&init)?;
    attributes.set_item("__init__", &init)?;
    // Setting an attribute also invalidates CPython's cache of the class's methods (`PyType_Modified`).
    class.setattr("__signature__", ConstructorSignature { init: init.unbind() })
}

/// Gives the method `__construct__` the name `__init__`, which `help` shows.
#[cfg(not(feature = "abi3"))]
#[expect(unsafe_code, reason = "CPython has no function for it")]
fn name_init(method: &Bound<'_, PyAny>) -> PyResult<()> {
    use pyo3::ffi;

    if method.get_type().name()? == "method_descriptor" {
        let name = pyo3::types::PyString::intern(method.py(), "__init__").into_ptr();
        // SAFETY: a method descriptor starts with a PyDescrObject. It owns its name, which is exchanged for a new reference before any
        // other thread knows the method.
        unsafe {
            let descriptor = method.as_ptr().cast::<ffi::PyDescrObject>();
            ffi::Py_DECREF(std::mem::replace(&mut (*descriptor).d_name, name));
        }
    }
    Ok(())
}

/// The limited API does not show the fields of a method: it keeps its name.
#[cfg(feature = "abi3")]
#[expect(clippy::unnecessary_wraps, reason = "as above")]
fn name_init(_method: &Bound<'_, PyAny>) -> PyResult<()> {
    Ok(())
}

/// The descriptor `__signature__` of a class and of those subclasses that inherit its `__init__`. CPython 3.13 reads the signature of an
/// `__init__` only if it is a Python function.
#[pyclass(frozen, module = "snowplow_tracker._native")]
struct ConstructorSignature {
    init: Py<PyAny>,
}

#[pymethods]
impl ConstructorSignature {
    fn __get__<'py>(
        &self,
        instance: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyAny>>,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match (instance, owner) {
            (None, Some(owner)) if owner.getattr("__init__")?.is(&self.init) => {
                let bound = py.import("functools")?.call_method1("partial", (&self.init, py.None()))?;
                py.import("inspect")?.call_method1("signature", (bound,))
            }
            _ => Err(PyAttributeError::new_err("__signature__")),
        }
    }
}
