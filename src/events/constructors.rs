//! How native classes are called: what their constructors show, and the short way in.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

/// Puts the method `__construct__`, which has a signature, in the place of the slot wrapper `__init__`, which has none: to
/// `inspect.signature` and to `unittest.mock`'s autospec.
///
/// Setting the attribute would make every construction look the method up by name (a tenth of construct + track). So the class's own
/// dict is changed, and the class keeps calling its slot, which does the same.
pub fn show_signature(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let attributes = py.import("gc")?.call_method1("get_referents", (class.getattr("__dict__")?,))?.get_item(0)?;
    let attributes = attributes.cast::<PyDict>()?;
    attributes.set_item("__init__", attributes.as_any().call_method1("pop", ("__construct__",))?)?;
    // Setting any attribute makes CPython forget what it has cached of the class.
    class.setattr("__module__", class.getattr("__module__")?)
}
