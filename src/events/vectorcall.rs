//! A fast path for calls of a native class, such as `PageView(page_url=...)`: the vectorcall protocol (PEP 590,
//! <https://peps.python.org/pep-0590/>) passes the arguments without a tuple and a dict.
//!
//! Wrong arguments, subclasses, and classes whose `__init__` or `__new__` is replaced fall back to `type.__call__`. The limited API has no
//! `tp_vectorcall`.
#![expect(unsafe_code, reason = "the tuple and the dict take a sixth of construct + track")]

use std::ffi::c_void;
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

#[cfg(not(Py_GIL_DISABLED))]
use super::allocation;
#[cfg(not(Py_GIL_DISABLED))]
use super::native_class::FreeList;
use super::native_class::{Arguments, CallSignature, Vectorcall};
use crate::panics;

/// Installs the fast path of a class.
pub fn enable<const N: usize, T: Vectorcall<N>>(
    py: Python<'_>,
    parameters: [&str; N],
    required: usize,
) -> PyResult<()> {
    let class = T::type_object_raw(py);
    let parameters = parameters.map(|name| PyString::intern(py, name).unbind()).into();
    let sample = T::instance(py, T::unset())?;
    // SAFETY: the class is never freed, and no other thread knows it before the module is initialised. The functions follow the protocols
    // of their slots.
    unsafe {
        let signature = CallSignature {
            parameters,
            required,
            init: (*class).tp_init,
            new: (*class).tp_new,
            #[cfg(not(Py_GIL_DISABLED))]
            dealloc: (*class).tp_dealloc,
            #[cfg(not(Py_GIL_DISABLED))]
            free: FreeList::new(),
            #[cfg(not(Py_GIL_DISABLED))]
            has_known_layout: allocation::has_known_layout(class, T::place(&sample), sample.as_ptr()),
        };
        drop(sample);
        if T::call_signature().set(py, signature).is_ok() {
            (*class).tp_vectorcall = Some(vectorcall::<N, T>);
            #[cfg(not(Py_GIL_DISABLED))]
            if T::call_signature().get(py).is_some_and(|signature| signature.has_known_layout) {
                (*class).tp_dealloc = Some(allocation::dealloc::<N, T>);
            }
        }
    }
    Ok(())
}

unsafe extern "C" fn vectorcall<const N: usize, T: Vectorcall<N>>(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    flagged_count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls this with the thread attached, and with arguments as in PEP 590: `count` positional ones, then one for each
    // name in the tuple `keywords`, which may be null. All are borrowed for the duration of the call.
    unsafe {
        let py = Python::assume_attached();
        let call = Call {
            class: Borrowed::from_ptr(py, class),
            count: ffi::PyVectorcall_NARGS(flagged_count).unsigned_abs(),
            arguments,
            keywords: (!keywords.is_null()).then(|| Borrowed::from_ptr(py, keywords).cast_unchecked()),
        };
        #[cfg(not(Py_GIL_DISABLED))]
        if let Some(signature) = T::call_signature().get(py).filter(|signature| signature.has_known_layout)
            && call.is_usual::<N, T>(signature)
        {
            if let Err(error) = allocation::allocate::<N, T>(py, signature) {
                return raise(py, error);
            }
            let mut arguments = [const { None }; N];
            if call.match_arguments(signature, &mut arguments)
                && let Some(instance) =
                    panics::run_quick(py, || allocation::create::<N, T>(py, signature, &arguments)).flatten()
            {
                return instance.map_or_else(|error| raise(py, error), Bound::into_ptr);
            }
        }
        panics::catch(|| call.run::<N, T>()).map_or_else(|error| raise(py, error), Bound::into_ptr)
    }
}

#[cold]
fn raise(py: Python<'_>, error: PyErr) -> *mut ffi::PyObject {
    error.restore(py);
    ptr::null_mut()
}

/// One call of a class.
struct Call<'a, 'py> {
    class: Borrowed<'a, 'py, PyAny>,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: Option<Borrowed<'a, 'py, PyTuple>>,
}

impl<'a, 'py> Call<'a, 'py> {
    fn run<const N: usize, T: Vectorcall<N>>(&self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.class.py();
        if let Some(signature) = T::call_signature().get(py)
            && self.is_usual::<N, T>(signature)
            && let mut arguments = [const { None }; N]
            && self.match_arguments(signature, &mut arguments)
        {
            let mut contents = T::unset();
            T::set(&mut contents, &arguments)?;
            return T::instance(py, contents).map(Bound::into_any);
        }
        self.call_slow()
    }

    /// Returns true if the class is that of the signature, and nothing of it is replaced.
    #[inline(always)]
    fn is_usual<const N: usize, T: Vectorcall<N>>(&self, signature: &CallSignature) -> bool {
        self.class.as_ptr().cast() == T::type_object_raw(self.class.py()) && self.is_unpatched(signature)
    }

    fn is_unpatched(&self, signature: &CallSignature) -> bool {
        let class = self.class.as_ptr().cast::<ffi::PyTypeObject>();
        // SAFETY: the pointer is a live class.
        let (init, new) = unsafe { ((*class).tp_init, (*class).tp_new) };
        init.map(|init| init as *const c_void) == signature.init.map(|init| init as *const c_void)
            && new.map(|new| new as *const c_void) == signature.new.map(|new| new as *const c_void)
    }

    /// Puts the arguments into the order of the parameters. Returns false if a keyword is not the interned name of a parameter, or if an
    /// argument is missing or given twice.
    #[inline(always)]
    fn match_arguments<const N: usize>(&self, signature: &CallSignature, matched: &mut Arguments<'a, 'py, N>) -> bool {
        if self.count > N {
            return false;
        }
        for (index, value) in matched.iter_mut().enumerate().take(self.count) {
            *value = Some(self.argument(index));
        }
        if let Some(names) = self.keywords {
            for (index, name) in names.iter_borrowed().enumerate() {
                let mut known = signature.parameters.iter();
                let Some(place) = known.position(|parameter| parameter.as_ptr() == name.as_ptr()) else { return false };
                if matched[place].replace(self.argument(self.count + index)).is_some() {
                    return false;
                }
            }
        }
        matched.iter().take(signature.required).all(Option::is_some)
    }

    /// Calls `type.__call__`, as CPython does for a class without `tp_vectorcall`.
    fn call_slow(&self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.class.py();
        let positional = (0..self.count).map(|index| self.argument(index));
        let positional: Vec<_> = std::iter::once(self.class).chain(positional).collect();
        let named = PyDict::new(py);
        if let Some(names) = self.keywords {
            for (index, name) in names.iter().enumerate() {
                named.set_item(name, self.argument(self.count + index))?;
            }
        }
        let call = py.get_type::<PyType>().getattr(crate::sync::once::intern!(py, "__call__"))?;
        call.call(PyTuple::new(py, positional)?, Some(&named))
    }

    fn argument(&self, index: usize) -> Borrowed<'a, 'py, PyAny> {
        // SAFETY: the callers pass an index below the number of arguments, which are alive during the call.
        unsafe { Borrowed::from_ptr(self.class.py(), *self.arguments.add(index)) }
    }
}
