//! The short way into a native class: `PageView(page_url=...)` without a tuple and a dict made of the arguments.
//!
//! It serves plain calls alone. Wrong arguments, subclasses, and classes whose `__init__` or `__new__` was replaced go `CPython`'s own
//! way, which is right for all of them. The limited API has no short way.
#![expect(unsafe_code, reason = "the tuple and the dict take a sixth of construct + track")]

use std::ffi::c_void;
use std::ptr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use pyo3::{PyTypeInfo, ffi};

use crate::panics;

/// A call's arguments by the place of their parameter.
pub type Arguments<'py, const N: usize> = [Option<Bound<'py, PyAny>>; N];

/// A native class of `N` parameters that can be called the short way.
pub trait DirectCall<const N: usize>: PyTypeInfo {
    /// What the class is called with.
    fn call_facts() -> &'static PyOnceLock<CallFacts>;
    /// A new instance. The required arguments are there.
    fn construct<'py>(py: Python<'py>, arguments: Arguments<'py, N>) -> PyResult<Bound<'py, Self>>;
}

/// What a class is called with, and what its slots are as long as nobody has replaced `__init__` or `__new__`.
pub struct CallFacts {
    parameters: Vec<Py<PyString>>,
    required: usize,
    init: Option<ffi::initproc>,
    new: Option<ffi::newfunc>,
}

/// Opens the short way into a class.
pub fn enable<const N: usize, T: DirectCall<N>>(py: Python<'_>, parameters: [&str; N], required: usize) {
    let class = T::type_object_raw(py);
    let parameters = parameters.map(|name| PyString::intern(py, name).unbind()).into();
    // SAFETY: the class is alive for ever, and no other thread has seen it yet: the module is being made. `vectorcall` keeps to the
    // protocol of that slot, and serves this very class alone.
    unsafe {
        let facts = CallFacts { parameters, required, init: (*class).tp_init, new: (*class).tp_new };
        if T::call_facts().set(py, facts).is_ok() {
            (*class).tp_vectorcall = Some(vectorcall::<N, T>);
        }
    }
}

unsafe extern "C" fn vectorcall<const N: usize, T: DirectCall<N>>(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    flagged_count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls this with the thread attached, and with arguments as PEP 590 says: `count` positional ones, then one for
    // each name in the tuple `keywords`, which may be null. All are borrowed for the time of the call.
    let made = unsafe {
        let py = Python::assume_attached();
        let call = Call {
            class: Borrowed::from_ptr(py, class),
            count: ffi::PyVectorcall_NARGS(flagged_count).unsigned_abs(),
            arguments,
            keywords: (!keywords.is_null()).then(|| Borrowed::from_ptr(py, keywords).cast_unchecked()),
        };
        panics::guarded(|| call.make::<N, T>()).map_err(|error| error.restore(py))
    };
    made.map_or(ptr::null_mut(), Bound::into_ptr)
}

/// One call of a class.
struct Call<'a, 'py> {
    class: Borrowed<'a, 'py, PyAny>,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: Option<Borrowed<'a, 'py, PyTuple>>,
}

impl<'py> Call<'_, 'py> {
    fn make<const N: usize, T: DirectCall<N>>(&self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.class.py();
        if let Some(facts) = T::call_facts().get(py)
            && self.class.as_ptr().cast() == T::type_object_raw(py)
            && self.is_to_unpatched(facts)
            && let Some(arguments) = self.matched(facts)
        {
            return T::construct(py, arguments).map(Bound::into_any);
        }
        self.make_generally()
    }

    fn is_to_unpatched(&self, facts: &CallFacts) -> bool {
        let class = self.class.as_ptr().cast::<ffi::PyTypeObject>();
        // SAFETY: the pointer is that of a live class.
        let (init, new) = unsafe { ((*class).tp_init, (*class).tp_new) };
        init.map(|init| init as *const c_void) == facts.init.map(|init| init as *const c_void)
            && new.map(|new| new as *const c_void) == facts.new.map(|new| new as *const c_void)
    }

    /// The arguments by parameter, where each name is the interned one of a parameter that has no other value, and none is missing.
    fn matched<const N: usize>(&self, facts: &CallFacts) -> Option<Arguments<'py, N>> {
        if self.count > N {
            return None;
        }
        let mut matched = [const { None }; N];
        for (index, value) in matched.iter_mut().enumerate().take(self.count) {
            *value = Some(self.argument(index));
        }
        if let Some(names) = self.keywords {
            for (index, name) in names.iter_borrowed().enumerate() {
                let place = facts.parameters.iter().position(|parameter| parameter.as_ptr() == name.as_ptr())?;
                if matched[place].replace(self.argument(self.count + index)).is_some() {
                    return None;
                }
            }
        }
        matched.iter().take(facts.required).all(Option::is_some).then_some(matched)
    }

    /// The call as `CPython` makes it of a class that has no short way.
    fn make_generally(&self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.class.py();
        let positional = (0..self.count).map(|index| self.argument(index));
        let positional: Vec<_> = std::iter::once(self.class.to_owned()).chain(positional).collect();
        let named = PyDict::new(py);
        if let Some(names) = self.keywords {
            for (index, name) in names.iter().enumerate() {
                named.set_item(name, self.argument(self.count + index))?;
            }
        }
        let call = py.get_type::<PyType>().getattr(pyo3::intern!(py, "__call__"))?;
        call.call(PyTuple::new(py, positional)?, Some(&named))
    }

    fn argument(&self, index: usize) -> Bound<'py, PyAny> {
        // SAFETY: the callers stay below the number of arguments, all of which are alive during the call.
        unsafe { Bound::from_borrowed_ptr(self.class.py(), *self.arguments.add(index)) }
    }
}
