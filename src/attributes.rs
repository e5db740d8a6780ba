//! What users add to an instance of a native class: attributes, and methods of its own.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

/// What `object.__setattr__` and `object.__delattr__` do, which Python refuses to do for a class with a `__setattr__` of its own.
#[expect(
    unsafe_code,
    reason = "the safe way, looking into each event's __dict__ when it is tracked, makes that dict each time"
)]
pub fn set(object: &Bound<'_, PyAny>, name: &Bound<'_, PyString>, value: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let value = value.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: all three are live objects of this interpreter, which the bounds say we are attached to; the function takes a null
    // value for "delete" and steals no reference (Python/C API, PyObject_GenericSetAttr).
    let result = unsafe { ffi::PyObject_GenericSetAttr(object.as_ptr(), name.as_ptr(), value) };
    if result == 0 { Ok(()) } else { Err(PyErr::fetch(object.py())) }
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
