//! What the fast paths of native classes have in common: the parameters of a class, and the contents of its instances.

#[cfg(not(Py_GIL_DISABLED))]
use std::ptr;

use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3::{PyTypeInfo, ffi};

use crate::error::Result;
#[cfg(not(Py_GIL_DISABLED))]
use crate::sync::gil_cell::GilCell;
use crate::sync::once::SetOnce;

/// The arguments of a call, in the order of the parameters. The caller owns them.
pub type Arguments<'a, 'py, const N: usize> = [Option<Borrowed<'a, 'py, PyAny>>; N];

/// A native class with `N` parameters that has the fast path.
pub trait Vectorcall<const N: usize>: PyTypeInfo + Sized {
    /// The native contents of an instance.
    type Base;
    /// Returns where the signature is stored.
    fn call_signature() -> &'static SetOnce<CallSignature>;
    /// Returns the contents of an instance that has no arguments yet.
    fn unset() -> Self::Base;
    /// Checks the arguments, of which the required ones are present, and sets them in such contents. Runs no Python code.
    fn set(contents: &mut Self::Base, arguments: &Arguments<'_, '_, N>) -> Result<()>;
    /// Creates an instance as PyO3 does.
    fn instance(py: Python<'_>, contents: Self::Base) -> PyResult<Bound<'_, Self>>;
    /// Returns where an instance has its contents.
    #[cfg(not(Py_GIL_DISABLED))]
    fn place(instance: &Bound<'_, Self>) -> *const Self::Base;
}

/// The parameters of a class, and its original slots: replacing `__init__` or `__new__` changes them.
pub struct CallSignature {
    pub(super) parameters: Vec<Py<PyString>>,
    pub(super) required: usize,
    pub(super) init: Option<ffi::initproc>,
    pub(super) new: Option<ffi::newfunc>,
    /// PyO3's own function.
    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) dealloc: Option<ffi::destructor>,
    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) free: GilCell<FreeList>,
    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) has_known_layout: bool,
}

/// The most free instances of a class: an event with its contexts is freed before the next one is created.
#[cfg(not(Py_GIL_DISABLED))]
const MAX_FREE: usize = 16;

#[cfg(not(Py_GIL_DISABLED))]
/// The memory of instances that are gone, with their class still set.
pub struct FreeList {
    objects: [*mut ffi::PyObject; MAX_FREE],
    count: usize,
}

// SAFETY: the pointers are the list's own, and `GilCell` guards it.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "raw pointers are not Send")]
unsafe impl Send for FreeList {}

#[cfg(not(Py_GIL_DISABLED))]
impl FreeList {
    /// Creates an empty list.
    pub const fn new() -> GilCell<Self> {
        GilCell::new(Self { objects: [ptr::null_mut(); MAX_FREE], count: 0 })
    }

    /// Returns true if there is no object.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes an object.
    pub fn pop(&mut self) -> Option<*mut ffi::PyObject> {
        self.count = self.count.checked_sub(1)?;
        Some(self.objects[self.count])
    }

    /// Keeps an object, unless there are enough.
    pub fn push(&mut self, object: *mut ffi::PyObject) -> bool {
        let Some(free) = self.objects.get_mut(self.count) else { return false };
        *free = object;
        self.count += 1;
        true
    }
}
