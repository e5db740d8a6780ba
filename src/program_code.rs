//! Calls of code that may let go of the GIL: the program's own, or this package's that sends.
//!
//! Before 3.14, `CPython` ends a daemon thread that wants the GIL back while the interpreter shuts down by `pthread_exit`. On Linux that
//! unwinds the thread's stack, and coming upon a native frame that it must not unwind it aborts the whole process. So the thread
//! stays where it is, as 3.14 has it: the process ends without it.
#![expect(unsafe_code, reason = "safe calls are declared as such that nothing unwinds through")]

use std::hint;
use std::mem;
use std::ptr;
use std::thread;

use pyo3::BoundObject;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::python::found_once;

type CallThatUnwinds = unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;

/// Dropped only where the thread is being ended.
struct StayHere;

impl Drop for StayHere {
    fn drop(&mut self) {
        loop {
            thread::park();
        }
    }
}

/// Calls a callable. Raises what it raises.
pub fn call<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: impl IntoPyObject<'py, Target = PyTuple>,
    named: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = callable.py();
    let arguments = arguments.into_pyobject(py).map_err(Into::into)?.into_bound();
    // SAFETY: it is called as it was declared, but for what may unwind through it. Seeing which function it is, the optimiser would
    // know better.
    let call =
        hint::black_box(unsafe { mem::transmute::<*const (), CallThatUnwinds>(ffi::PyObject_Call as *const ()) });
    let stay = StayHere;
    // SAFETY: all arguments are live objects, or null where there is none. It returns a new reference, or null with an exception set.
    let answer = unsafe { call(callable.as_ptr(), arguments.as_ptr(), named.map_or(ptr::null_mut(), Bound::as_ptr)) };
    mem::forget(stay);
    // SAFETY: see above.
    unsafe { Bound::from_owned_ptr_or_err(py, answer) }
}

/// Calls a method. Raises what it raises.
pub fn call_method<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    arguments: impl IntoPyObject<'py, Target = PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    call(&object.getattr(name)?, arguments, None)
}

/// An object as `str` shows it. Raises what its `__str__` raises.
pub fn text_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    Ok(call(&object.py().get_type::<PyString>(), (object,), None)?.cast_into()?)
}

/// An attribute that may be a property of the program's own. Raises what that raises.
pub fn attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    static GETATTR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let getattr = found_once(&GETATTR, py, || py.import("builtins")?.getattr("getattr"))?;
    call(getattr, (object, name), None)
}
