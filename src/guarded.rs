//! State that several threads may reach: the GIL guards it, and where there is none, a lock. `PyO3`'s own checks would raise in a
//! program's thread what another thread did at the wrong moment.

#[cfg(not(Py_GIL_DISABLED))]
use std::cell::RefCell;
#[cfg(Py_GIL_DISABLED)]
use std::sync::{Mutex, PoisonError, TryLockError};

use pyo3::prelude::*;
#[cfg(Py_GIL_DISABLED)]
use pyo3::sync::MutexExt as _;

/// A value that is looked at and changed only inside `with`.
pub struct Guarded<T> {
    #[cfg(not(Py_GIL_DISABLED))]
    value: RefCell<T>,
    #[cfg(Py_GIL_DISABLED)]
    value: Mutex<T>,
}

// SAFETY: `with` and `visit` are the only ways to the value. The first takes proof that the thread holds the GIL, the second is called
// by the garbage collector, which holds it too. There is one GIL, since PyO3's modules refuse subinterpreters. So one thread at a time
// is there, and the cell finds out were it there twice.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "a lock's atomic operations take a thirtieth of construct + track")]
unsafe impl<T: Send> Sync for Guarded<T> {}

#[cfg(not(Py_GIL_DISABLED))]
impl<T> Guarded<T> {
    /// Guards a value.
    pub const fn new(value: T) -> Self {
        Self { value: RefCell::new(value) }
    }

    /// Does something with the value that runs no Python code. Objects that it takes out must be dropped by the caller: their
    /// finalisers are Python code.
    pub fn with<R>(&self, _py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.value.borrow_mut())
    }

    /// The same for `__traverse__` and `__clear__` alone, which the garbage collector may call while the value is in use: then there is
    /// no result.
    pub fn visit<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.value.try_borrow_mut().ok().map(|mut value| work(&mut value))
    }
}

#[cfg(Py_GIL_DISABLED)]
impl<T> Guarded<T> {
    /// Guards a value.
    pub const fn new(value: T) -> Self {
        Self { value: Mutex::new(value) }
    }

    /// Does something with the value that runs no Python code. Objects that it takes out must be dropped by the caller: their
    /// finalisers are Python code.
    pub fn with<R>(&self, py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.value.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner))
    }

    /// The same for `__traverse__` and `__clear__` alone, which the garbage collector may call while the value is in use: then there is
    /// no result.
    pub fn visit<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        match self.value.try_lock() {
            Ok(mut value) => Some(work(&mut value)),
            Err(TryLockError::Poisoned(value)) => Some(work(&mut value.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
