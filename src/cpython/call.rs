//! Calls of code that may release the GIL: the program's own code, or the part of this package that sends.
//!
//! Before 3.14, a daemon thread that takes the GIL during `Py_Finalize` is ended by `pthread_exit` (`PyEval_RestoreThread`,
//! <https://docs.python.org/3/c-api/init.html#c.PyEval_RestoreThread>). On Linux that unwinds the thread's stack, and aborts the whole
//! process at the first native frame that must not be unwound. Instead, the thread is parked, as 3.14 does it: the process ends
//! without it.
#![expect(unsafe_code, reason = "PyO3 declares PyObject_Call as a function that nothing unwinds through")]

use std::hint;
use std::mem;
use std::ptr;
use std::thread;

use pyo3::BoundObject;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::cpython::lookup::get_or_import;

type CallThatUnwinds = unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;

/// Parks the thread for ever when it is dropped, which only an unwinding `pthread_exit` does.
struct ParkOnUnwind;

impl Drop for ParkOnUnwind {
    fn drop(&mut self) {
        loop {
            thread::park();
        }
    }
}

/// Calls a callable. Raises what it raises.
pub fn call_user_code<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: impl IntoPyObject<'py, Target = PyTuple>,
    named: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = callable.py();
    let arguments = arguments.into_pyobject(py).map_err(Into::into)?.into_bound();
    // SAFETY: the types differ only in what may unwind through the call. `black_box` hides which function it is: knowing that
    // PyObject_Call is declared `extern "C"`, the optimiser would leave out the drop of `guard`.
    let call =
        hint::black_box(unsafe { mem::transmute::<*const (), CallThatUnwinds>(ffi::PyObject_Call as *const ()) });
    let guard = ParkOnUnwind;
    // SAFETY: all arguments are live objects, or null for no keywords. The result is a new reference, or null with an exception set.
    let result = unsafe { call(callable.as_ptr(), arguments.as_ptr(), named.map_or(ptr::null_mut(), Bound::as_ptr)) };
    mem::forget(guard);
    // SAFETY: see above.
    unsafe { Bound::from_owned_ptr_or_err(py, result) }
}

/// Calls a method. Raises what it raises.
pub fn call_user_method<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    arguments: impl IntoPyObject<'py, Target = PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    call_user_code(&object.getattr(name)?, arguments, None)
}

/// Returns `str(object)`. Raises what `__str__` raises.
pub fn str_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    Ok(call_user_code(&object.py().get_type::<PyString>(), (object,), None)?.cast_into()?)
}

/// Returns an attribute that may be a property of the program's own. Raises what that raises.
pub fn get_user_attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    static GETATTR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let getattr = get_or_import(&GETATTR, py, || py.import("builtins")?.getattr("getattr"))?;
    call_user_code(getattr, (object, name), None)
}

/// Returns an attribute that may be a property of the program's own, with `None` for Python's None.
pub fn get_optional_user_attribute<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = get_user_attribute(object, &PyString::intern(object.py(), name))?;
    Ok(Some(value).filter(|value| !value.is_none()))
}
