//! Calls of the program's own code, or of the part of this package that sends.

#[cfg(not(feature = "abi3"))]
use std::ptr;

use pyo3::call::PyCallArgs;
#[cfg(not(feature = "abi3"))]
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString};

/// Calls a callable. Raises what it raises.
pub fn call_user_code<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: impl PyCallArgs<'py>,
    named: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    callable.call(arguments, named)
}

/// Calls a method. Raises what it raises.
pub fn call_user_method<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    arguments: impl PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    object.call_method1(name, arguments)
}

/// Returns `str(object)`. Raises what `__str__` raises.
pub fn str_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    object.str()
}

/// Returns an attribute that may be a property of the program's own. Raises what that raises.
pub fn get_user_attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    object.getattr(name)
}

/// Returns an attribute that may be a property of the program's own, with `None` for Python's None.
pub fn get_optional_user_attribute<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = get_user_attribute(object, &PyString::intern(object.py(), name))?;
    Ok(Some(value).filter(|value| !value.is_none()))
}

/// Calls a C function without arguments. What it points to is read each time: programs, such as time-machine, change that in place.
#[cfg(not(feature = "abi3"))]
#[expect(unsafe_code, reason = "the checks of a call by Python take a twentieth of a page view")]
pub fn call_c_function<'py>(function: &Bound<'py, PyCFunction>) -> PyResult<Bound<'py, PyAny>> {
    let raw = function.as_ptr().cast::<ffi::PyCFunctionObject>();
    // SAFETY: the pointer is a C function. One without arguments takes its `self` and null, and returns a new reference, or null with an
    // exception (https://docs.python.org/3/c-api/structures.html#c.METH_NOARGS).
    unsafe {
        let definition = (*raw).m_ml;
        if (*definition).ml_flags == ffi::METH_NOARGS {
            let result = ((*definition).ml_meth.PyCFunction)((*raw).m_self, ptr::null_mut());
            return Bound::from_owned_ptr_or_err(function.py(), result);
        }
    }
    function.call0()
}

/// Calls a C function without arguments. The limited API does not show what it points to.
#[cfg(feature = "abi3")]
pub fn call_c_function<'py>(function: &Bound<'py, PyCFunction>) -> PyResult<Bound<'py, PyAny>> {
    function.call0()
}
