//! Calls of the program's own code, or of the part of this package that sends.

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

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
