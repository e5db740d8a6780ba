//! What users add to an instance of a native class: attributes, and methods of its own.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

/// Whether a method was replaced on this very instance.
pub fn has_own(object: &Bound<'_, PyAny>, method: &Bound<'_, PyString>) -> PyResult<bool> {
    let attributes = object.getattr(pyo3::intern!(object.py(), "__dict__"))?;
    let attributes = attributes.cast::<PyDict>()?;
    Ok(!attributes.is_empty() && attributes.contains(method)?)
}

/// The attributes that users added to an instance: in its `__dict__`, and in the slots of their subclasses.
pub type Added<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

/// The attributes that users added, for pickle and copy.
pub fn added<'py>(object: &Bound<'py, PyAny>) -> PyResult<Added<'py>> {
    let py = object.py();
    let slots = PyDict::new(py);
    let names = py.import("copyreg")?.call_method1("_slotnames", (object.get_type(),))?;
    for name in names.cast::<PyList>()?.iter() {
        if let Some(value) = object.getattr_opt(name.cast::<PyString>()?)? {
            slots.set_item(name, value)?;
        }
    }
    Ok((object.getattr("__dict__")?.cast_into::<PyDict>()?, slots))
}

/// Gives an instance the attributes that another one had.
pub fn restore(object: &Bound<'_, PyAny>, added: &Added<'_>) -> PyResult<()> {
    let (attributes, slots) = added;
    object.getattr("__dict__")?.cast::<PyDict>()?.update(attributes.as_mapping())?;
    for (name, value) in slots.iter() {
        object.setattr(name.cast::<PyString>()?, value)?;
    }
    Ok(())
}
