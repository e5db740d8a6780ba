//! Read-copy-update: a value that every call of `track` reads and that hardly ever changes. A writer replaces it by a changed copy, so
//! readers never wait, and go on with the value that they loaded.
//!
//! With the GIL, an `Rc` in a `RefCell` is enough. Without the GIL it is an `ArcSwap`, whose readers do not contend for one counter.

#[cfg(not(Py_GIL_DISABLED))]
use std::cell::RefCell;
use std::marker::PhantomData;
#[cfg(not(Py_GIL_DISABLED))]
use std::rc::Rc;
#[cfg(Py_GIL_DISABLED)]
use std::sync::Arc;

#[cfg(Py_GIL_DISABLED)]
use arc_swap::{ArcSwapOption, Guard};
use pyo3::prelude::*;

/// A value that contains references to Python objects: cloning them takes an attached thread.
pub trait CloneWithGil: Default {
    /// Returns a copy with references of its own.
    fn clone_with_gil(&self, py: Python<'_>) -> Self;
}

/// A value that is replaced as a whole. It is empty at first.
pub struct Rcu<T> {
    #[cfg(not(Py_GIL_DISABLED))]
    value: RefCell<Option<Rc<T>>>,
    #[cfg(Py_GIL_DISABLED)]
    value: ArcSwapOption<T>,
}

/// The value as it was when it was loaded. It cannot outlive the thread's attachment to the interpreter.
pub struct RcuGuard<'py, T> {
    #[cfg(not(Py_GIL_DISABLED))]
    value: Option<Rc<T>>,
    #[cfg(Py_GIL_DISABLED)]
    value: Guard<Option<Arc<T>>>,
    attached: PhantomData<Python<'py>>,
}

impl<T> RcuGuard<'_, T> {
    /// Returns the value, or `None` if none was set.
    pub fn get(&self) -> Option<&T> {
        self.value.as_deref()
    }
}

fn changed_copy<T: CloneWithGil>(value: Option<&T>, py: Python<'_>, change: impl Fn(&mut T)) -> T {
    let mut copy = value.map_or_else(T::default, |value| value.clone_with_gil(py));
    change(&mut copy);
    copy
}

// SAFETY: all ways to the value and to its reference count take proof that the thread holds the GIL (`load`, `update`, `replace`), end
// with it (`RcuGuard`), or belong to the garbage collector, which holds it too (`visit`, `change`). There is one GIL, since PyO3's
// modules refuse to load in subinterpreters. So only one thread at a time uses the value.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "the atomic reference count of an Arc takes a fifteenth of a page view")]
unsafe impl<T: Send> Sync for Rcu<T> {}
// SAFETY: as above. Another thread may drop the value, and holds the GIL then, as every thread that drops Python objects.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "see above")]
unsafe impl<T: Send> Send for Rcu<T> {}

#[cfg(not(Py_GIL_DISABLED))]
impl<T> Rcu<T> {
    /// Creates an empty one.
    pub const fn new() -> Self {
        Self { value: RefCell::new(None) }
    }

    /// Loads the current value.
    pub fn load<'py>(&self, _py: Python<'py>) -> RcuGuard<'py, T> {
        RcuGuard { value: self.value.borrow().clone(), attached: PhantomData }
    }

    /// Calls `read` with the value, if there is one. It must run no Python code.
    #[cfg(not(feature = "abi3"))]
    pub fn peek<R>(&self, _py: Python<'_>, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.borrow().as_deref().map(read)
    }

    /// Replaces the value by a changed copy of it, or of the default. Guards keep the old value.
    pub fn update(&self, py: Python<'_>, change: impl Fn(&mut T))
    where
        T: CloneWithGil,
    {
        let value = changed_copy(self.value.borrow().as_deref(), py, change);
        self.replace(py, value);
    }

    /// Replaces the value, and returns a guard of the new one. Other guards keep the old one.
    pub fn replace<'py>(&self, _py: Python<'py>, value: T) -> RcuGuard<'py, T> {
        let value = Some(Rc::new(value));
        drop(self.value.replace(value.clone()));
        RcuGuard { value, attached: PhantomData }
    }

    /// Reads the value. Only for `__traverse__`: the garbage collector may call it at any time.
    pub fn visit<R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.try_borrow().ok()?.as_deref().map(read)
    }

    /// Changes the value in place, unless a guard holds it. Only for `__clear__`.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.value.try_borrow_mut().ok()?.as_mut().and_then(Rc::get_mut).map(change)
    }
}

#[cfg(Py_GIL_DISABLED)]
impl<T> Rcu<T> {
    /// Creates an empty one.
    pub const fn new() -> Self {
        Self { value: ArcSwapOption::const_empty() }
    }

    /// Loads the current value.
    pub fn load<'py>(&self, _py: Python<'py>) -> RcuGuard<'py, T> {
        RcuGuard { value: self.value.load(), attached: PhantomData }
    }

    /// Replaces the value by a changed copy of it, or of the default. Guards keep the old value.
    pub fn update(&self, py: Python<'_>, change: impl Fn(&mut T))
    where
        T: CloneWithGil,
    {
        drop(self.value.rcu(|old| Some(Arc::new(changed_copy(old.as_deref(), py, &change)))));
    }

    /// Replaces the value, and returns a guard of the new one. Other guards keep the old one.
    pub fn replace<'py>(&self, _py: Python<'py>, value: T) -> RcuGuard<'py, T> {
        let value = Some(Arc::new(value));
        self.value.store(value.clone());
        RcuGuard { value: Guard::from_inner(value), attached: PhantomData }
    }

    /// Reads the value. Only for `__traverse__`: the garbage collector may call it at any time.
    pub fn visit<R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.load().as_deref().map(read)
    }

    /// Changes the value in place, unless a guard holds it. Only for `__clear__`.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut value = self.value.swap(None);
        let changed = value.as_mut().and_then(Arc::get_mut).map(change);
        self.value.store(value);
        changed
    }
}
