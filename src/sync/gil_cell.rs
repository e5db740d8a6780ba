//! A cell that the GIL guards, and a lock guards in builds without the GIL.
//!
//! PyO3's own borrow checks (`PyRefMut`) raise an exception in the thread that comes second; this cell never does.

#[cfg(not(Py_GIL_DISABLED))]
use std::cell::RefCell;
#[cfg(Py_GIL_DISABLED)]
use std::sync::{Mutex, PoisonError, TryLockError};

use pyo3::prelude::*;
#[cfg(Py_GIL_DISABLED)]
use pyo3::sync::MutexExt as _;

/// A value that is read and changed only inside `with`.
pub struct GilCell<T> {
    #[cfg(not(Py_GIL_DISABLED))]
    value: RefCell<T>,
    #[cfg(Py_GIL_DISABLED)]
    value: Mutex<T>,
}

// SAFETY: `with` and `visit` are the only ways to the value. `with` takes proof that the thread holds the GIL, and `visit` is called by
// the garbage collector, which holds it too. There is one GIL, since PyO3's modules refuse to load in subinterpreters. So only one
// thread at a time uses the cell, and the RefCell detects re-entrance.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "the atomic operations of a lock take a thirtieth of construct + track")]
unsafe impl<T: Send> Sync for GilCell<T> {}

#[cfg(not(Py_GIL_DISABLED))]
impl<T> GilCell<T> {
    /// Creates a cell.
    pub const fn new(value: T) -> Self {
        Self { value: RefCell::new(value) }
    }

    /// Calls `work` with the value. `work` must run no Python code: it must return the objects that it removes, so that the caller drops
    /// them after the cell is released, since a finaliser is Python code.
    pub fn with<R>(&self, _py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.value.borrow_mut())
    }

    /// Returns the value of a cell that nobody else can reach.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Calls `work` with the value, or returns `None` if the value is in use. Only for `__traverse__` and `__clear__`: the garbage
    /// collector may call them at any time.
    pub fn visit<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.value.try_borrow_mut().ok().map(|mut value| work(&mut value))
    }
}

#[cfg(Py_GIL_DISABLED)]
impl<T> GilCell<T> {
    /// Creates a cell.
    pub const fn new(value: T) -> Self {
        Self { value: Mutex::new(value) }
    }

    /// Calls `work` with the value. `work` must run no Python code: it must return the objects that it removes, so that the caller drops
    /// them after the cell is released, since a finaliser is Python code.
    pub fn with<R>(&self, py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.value.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the value of a cell that nobody else can reach.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `work` with the value, or returns `None` if the value is in use. Only for `__traverse__` and `__clear__`: the garbage
    /// collector may call them at any time.
    pub fn visit<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        match self.value.try_lock() {
            Ok(mut value) => Some(work(&mut value)),
            Err(TryLockError::Poisoned(value)) => Some(work(&mut value.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
