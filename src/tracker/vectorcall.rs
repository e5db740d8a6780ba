//! A native fast path for calls of the Python function `Tracker.track`.
//!
//! The function stays a Python function for whoever looks at it: `inspect`, mocks with `autospec`, `functools.wraps`. Only its vectorcall
//! (PEP 590, <https://peps.python.org/pep-0590/>) is native. It takes calls of the usual form, and leaves all others to the function's body.
#![expect(unsafe_code, reason = "the frame of the Python function takes a fifth of a page view")]

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use super::TrackerCore;
#[cfg(not(Py_GIL_DISABLED))]
use super::usual;
#[cfg(Py_3_12)]
use crate::cpython::extern_python::extern_python;
use crate::sync::once::SetOnce;

/// The vectorcall of Python functions, `_PyFunction_Vectorcall`.
static PYTHON_BODY: SetOnce<ffi::vectorcallfunc> = SetOnce::new();
/// The code of the function. A program may replace it.
static CODE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// Gives `Tracker.track` its fast path. Anything but a Python function stays as it is.
#[pyfunction]
pub fn call_natively(function: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = function.py();
    // SAFETY: the object is a function, which nobody else calls yet. Its code is kept for ever.
    unsafe {
        if function.get_type_ptr() != &raw mut ffi::PyFunction_Type {
            return Ok(());
        }
        let raw = function.as_ptr().cast::<ffi::PyFunctionObject>();
        let Some(body) = (*raw).vectorcall else { return Ok(()) };
        let _ = PYTHON_BODY.set(py, body);
        CODE.store((*raw).func_code, Ordering::Release);
        ffi::Py_INCREF((*raw).func_code);
        install(py, raw)
    }
}

/// # Safety
///
/// The pointer must be a function.
#[cfg(Py_3_12)]
#[expect(clippy::unnecessary_wraps, reason = "as in CPython 3.11")]
unsafe fn install(_py: Python<'_>, function: *mut ffi::PyFunctionObject) -> PyResult<()> {
    extern_python! {
        /// <https://docs.python.org/3/c-api/function.html#c.PyFunction_SetVectorcall>. PyO3 does not declare it.
        fn PyFunction_SetVectorcall(function: *mut ffi::PyFunctionObject, vectorcall: ffi::vectorcallfunc);
    }
    // SAFETY: see the requirements above, and the documentation of the function.
    unsafe { PyFunction_SetVectorcall(function, vectorcall) };
    Ok(())
}

/// CPython 3.10 reads the field at each call.
///
/// # Safety
///
/// The pointer must be a function.
#[cfg(not(Py_3_11))]
#[expect(clippy::unnecessary_wraps, reason = "as in CPython 3.11")]
unsafe fn install(_py: Python<'_>, function: *mut ffi::PyFunctionObject) -> PyResult<()> {
    // SAFETY: see the requirements above.
    unsafe { (*function).vectorcall = Some(vectorcall) };
    Ok(())
}

/// CPython 3.11 reads the field only of functions whose type is not exactly `function`. So this one gets a subtype, which differs in nothing
/// but its identity.
///
/// # Safety
///
/// The pointer must be a function.
#[cfg(all(Py_3_11, not(Py_3_12)))]
unsafe fn install(py: Python<'_>, function: *mut ffi::PyFunctionObject) -> PyResult<()> {
    let class = function_subtype(py)?;
    // SAFETY: see the requirements above. Instances of both types have the same layout, and neither counts references to its type.
    unsafe {
        (*function).vectorcall = Some(vectorcall);
        (*function).ob_base.ob_type = class;
    }
    Ok(())
}

#[cfg(all(Py_3_11, not(Py_3_12)))]
fn function_subtype(py: Python<'_>) -> PyResult<*mut ffi::PyTypeObject> {
    static READY: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

    /// Pickle and copy know functions by their exact type. A string means: the global of this name.
    unsafe extern "C" fn reduce(function: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
        // SAFETY: CPython calls this for an instance of the type.
        unsafe { ffi::PyObject_GetAttrString(function, c"__qualname__".as_ptr()) }
    }

    let ready = READY.load(Ordering::Acquire);
    if !ready.is_null() {
        return Ok(ready);
    }
    let reduce = ffi::PyMethodDef {
        ml_name: c"__reduce__".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: reduce },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: ptr::null(),
    };
    let methods = Box::leak(Box::new([reduce, ffi::PyMethodDef::zeroed()]));
    // SAFETY: a static type with null in all slots inherits those of its base. It is never freed.
    unsafe {
        let class = Box::leak(Box::new(std::mem::zeroed::<ffi::PyTypeObject>()));
        class.ob_base.ob_base = ffi::PyObject_HEAD_INIT;
        class.tp_name = c"function".as_ptr();
        class.tp_base = &raw mut ffi::PyFunction_Type;
        class.tp_flags = ffi::Py_TPFLAGS_DEFAULT;
        class.tp_methods = methods.as_mut_ptr();
        if ffi::PyType_Ready(class) != 0 {
            return Err(PyErr::fetch(py));
        }
        READY.store(class, Ordering::Release);
        Ok(class)
    }
}

unsafe extern "C" fn vectorcall(
    function: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    flagged_count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls this with the thread attached, for a function that `install` was called with, and with arguments as in PEP 590.
    // PyO3 has to know that the thread is attached, or it would keep the references that are dropped here.
    unsafe {
        let is_usual = keywords.is_null()
            && ffi::PyVectorcall_NARGS(flagged_count) == 2
            && (*function.cast::<ffi::PyFunctionObject>()).func_code == CODE.load(Ordering::Acquire);
        #[cfg(not(Py_GIL_DISABLED))]
        if is_usual {
            let py = Python::assume_attached();
            let (tracker, event) = (Borrowed::from_ptr(py, *arguments), Borrowed::from_ptr(py, *arguments.add(1)));
            if let Some(result) = usual::track(&tracker, &event) {
                return result.map_or_else(|error| raise(py, error), Bound::into_ptr);
            }
        }
        if is_usual
            && let Some(result) = Python::attach(|py| {
                let tracker = Borrowed::from_ptr(py, *arguments);
                let event = Borrowed::from_ptr(py, *arguments.add(1));
                track(&tracker, &event)
            })
        {
            return result;
        }
        match PYTHON_BODY.get(Python::assume_attached()) {
            Some(body) => body(function, arguments, flagged_count, keywords),
            None => ptr::null_mut(),
        }
    }
}

/// Calls `TrackerCore.track`, unless the first argument is no tracker. Returns null if that raises an exception.
fn track(tracker: &Bound<'_, PyAny>, event: &Bound<'_, PyAny>) -> Option<*mut ffi::PyObject> {
    let py = tracker.py();
    Some(match TrackerCore::track(tracker.cast().ok()?, event) {
        Ok(Some(id)) => id.into_ptr(),
        Ok(None) => py.None().into_ptr(),
        Err(error) => raise(py, error),
    })
}

#[cold]
fn raise(py: Python<'_>, error: PyErr) -> *mut ffi::PyObject {
    error.restore(py);
    ptr::null_mut()
}
