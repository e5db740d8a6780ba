//! What users add to an instance of a native class: attributes, and methods of its own.

#[cfg(not(feature = "abi3"))]
use std::sync::atomic::{AtomicPtr, Ordering};

#[cfg(not(feature = "abi3"))]
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::program_code::attribute;

/// An attribute, None as nothing.
pub fn read<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = attribute(object, &PyString::intern(object.py(), name))?;
    Ok(Some(value).filter(|value| !value.is_none()))
}

/// Whether a method was replaced on this very instance.
pub fn has_own(object: &Bound<'_, PyAny>, method: &Bound<'_, PyString>) -> PyResult<bool> {
    if has_none(object) {
        return Ok(false);
    }
    let attributes = object.getattr(pyo3::intern!(object.py(), "__dict__"))?;
    attributes.cast::<PyDict>()?.contains(method)
}

/// Whether an instance has no attribute of its own, for all that can be told without making it a dict.
#[cfg(not(feature = "abi3"))]
#[expect(unsafe_code, reason = "asking for the dict by its name takes a twentieth of track()")]
fn has_none(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the pointer is that of the class of a live object.
    let offset = unsafe { (*object.get_type_ptr()).tp_dictoffset };
    if offset <= 0 {
        return false;
    }
    // SAFETY: a positive offset is where each instance of the class holds an aligned pointer to its dict, null before there is one;
    // other threads write it under the lock that attachment means, or atomically where there is no such lock.
    let attributes = unsafe { AtomicPtr::from_ptr(object.as_ptr().byte_offset(offset).cast::<*mut ffi::PyObject>()) };
    let attributes = attributes.load(Ordering::Relaxed);
    // SAFETY: the instance holds a reference to its dict, and with the GIL nobody can have replaced it since it was loaded.
    attributes.is_null() || cfg!(not(Py_GIL_DISABLED)) && unsafe { ffi::PyDict_Size(attributes) == 0 }
}

#[cfg(feature = "abi3")]
fn has_none(_object: &Bound<'_, PyAny>) -> bool {
    false
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

/// How an instance is pickled: as `object` does it, in a protocol that keeps state.
pub fn reduce<'py>(object: &Bound<'py, PyAny>, protocol: u8) -> PyResult<Bound<'py, PyAny>> {
    object.py().get_type::<PyAny>().call_method1("__reduce_ex__", (object, protocol.max(2)))
}
