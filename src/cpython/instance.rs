//! Additions of programs to an instance of a native class: attributes, and methods that replace those of the class.

use std::ptr;
#[cfg(not(feature = "abi3"))]
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

/// Returns true if a method is replaced on an instance of a native class itself.
#[expect(
    unsafe_code,
    reason = "looking up `__dict__` in the class takes a fiftieth of construct + track under the limited API"
)]
pub fn has_own(object: &Bound<'_, PyAny>, method: &Bound<'_, PyString>) -> PyResult<bool> {
    if has_no_attributes(object) {
        return Ok(false);
    }
    // SAFETY: the object is alive, and all native classes have a `__dict__`. The function returns a new reference, or raises.
    let attributes = unsafe {
        Bound::from_owned_ptr_or_err(object.py(), ffi::PyObject_GenericGetDict(object.as_ptr(), ptr::null_mut()))
    }?;
    attributes.cast::<PyDict>()?.contains(method)
}

/// Returns true if the instance's `__dict__` is missing or empty. Does not create the dict; may return false negatives.
#[cfg(not(feature = "abi3"))]
#[inline]
#[expect(unsafe_code, reason = "reading the attribute `__dict__` takes a twentieth of track()")]
pub fn has_no_attributes(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the pointer is the class of a live object.
    let offset = unsafe { (*object.get_type_ptr()).tp_dictoffset };
    if offset <= 0 {
        return false;
    }
    // SAFETY: at a positive `tp_dictoffset`, each instance has an aligned pointer to its dict, which is null as long as there is none
    // (https://docs.python.org/3/c-api/typeobj.html#c.PyTypeObject.tp_dictoffset). Other threads write it while they hold the GIL, or
    // atomically in builds without one.
    let attributes = unsafe { AtomicPtr::from_ptr(object.as_ptr().byte_offset(offset).cast::<*mut ffi::PyObject>()) };
    let attributes = attributes.load(Ordering::Relaxed);
    // SAFETY: the instance owns its dict, and with the GIL no thread can have replaced it since it was loaded.
    attributes.is_null() || cfg!(not(Py_GIL_DISABLED)) && unsafe { ffi::PyDict_Size(attributes) == 0 }
}

/// Always false: the limited API does not show the fields of a class.
#[cfg(feature = "abi3")]
fn has_no_attributes(_object: &Bound<'_, PyAny>) -> bool {
    false
}

/// The attributes that a program added to an instance: its `__dict__`, and the slots of subclasses.
pub type AddedAttributes<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

/// Returns the attributes that a program added to an instance, for pickle and copy.
pub fn added_attributes<'py>(object: &Bound<'py, PyAny>) -> PyResult<AddedAttributes<'py>> {
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

/// Sets the attributes that another instance had.
pub fn restore_attributes(object: &Bound<'_, PyAny>, added: &AddedAttributes<'_>) -> PyResult<()> {
    let (attributes, slots) = added;
    object.getattr("__dict__")?.cast::<PyDict>()?.update(attributes.as_mapping())?;
    for (name, value) in slots.iter() {
        object.setattr(name.cast::<PyString>()?, value)?;
    }
    Ok(())
}

/// Implements `__reduce_ex__` by `object.__reduce_ex__` with protocol 2 or higher: protocols 0 and 1 cannot pickle the state of a
/// native base class.
pub fn reduce<'py>(object: &Bound<'py, PyAny>, protocol: u8) -> PyResult<Bound<'py, PyAny>> {
    object.py().get_type::<PyAny>().call_method1("__reduce_ex__", (object, protocol.max(2)))
}
