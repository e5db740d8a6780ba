//! What the constructors of native classes show to `inspect.signature` and to `unittest.mock`'s autospec.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

/// Puts the method `__construct__`, which has a signature, in the place of the slot wrapper `__init__`, which has none.
///
/// Setting the attribute would make every construction look the method up by name (a tenth of construct + track). So the class's own
/// dict is changed, and the class keeps calling its slot, which does the same.
pub fn show_signature(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let attributes = py.import("gc")?.call_method1("get_referents", (class.getattr("__dict__")?,))?.get_item(0)?;
    let attributes = attributes.cast::<PyDict>()?;
    let init = attributes.as_any().call_method1("pop", ("__construct__",))?;
    attributes.set_item("__init__", &init)?;
    // Setting an attribute makes CPython forget what it has cached of the class.
    class.setattr("__signature__", ConstructorSignature { init: init.unbind() })
}

/// The attribute `__signature__` of a class and its subclasses, as long as they construct by this `__init__`. `inspect` of `CPython` 3.13
/// takes only Python functions for one.
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
