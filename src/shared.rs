//! State that every call of `track` reads and hardly any changes: readers of many threads do not slow one another down.

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

/// What can be copied while the thread is attached: it holds references to Python objects.
pub trait CopyAttached: Default {
    /// A copy, with references of its own.
    fn copy(&self, py: Python<'_>) -> Self;
}

/// A value that is replaced as a whole, and nothing at first.
pub struct Shared<T> {
    #[cfg(not(Py_GIL_DISABLED))]
    value: RefCell<Option<Rc<T>>>,
    #[cfg(Py_GIL_DISABLED)]
    value: ArcSwapOption<T>,
}

/// The value as of one moment, for as long as the thread is attached.
pub struct Loaded<'py, T> {
    #[cfg(not(Py_GIL_DISABLED))]
    value: Option<Rc<T>>,
    #[cfg(Py_GIL_DISABLED)]
    value: Guard<Option<Arc<T>>>,
    attached: PhantomData<Python<'py>>,
}

impl<T> Loaded<'_, T> {
    /// The value; None where there is none yet.
    pub fn get(&self) -> Option<&T> {
        self.value.as_deref()
    }
}

fn changed<T: CopyAttached>(value: Option<&T>, py: Python<'_>, change: impl Fn(&mut T)) -> T {
    let mut copy = value.map_or_else(T::default, |value| value.copy(py));
    change(&mut copy);
    copy
}

// SAFETY: the ways to the value, and to what counts its readers, take proof that the thread holds the GIL (`load`, `update`), live no
// longer than that (`Loaded`), or belong to the garbage collector, which holds it too (`visit`, `change`). There is one GIL, since
// PyO3's modules refuse subinterpreters. So one thread at a time is there.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "counting by atomic operations takes a fifteenth of a page view")]
unsafe impl<T: Send> Sync for Shared<T> {}
// SAFETY: as above: the value may be dropped by another thread, which holds the GIL then, as all who drop Python objects.
#[cfg(not(Py_GIL_DISABLED))]
#[expect(unsafe_code, reason = "see above")]
unsafe impl<T: Send> Send for Shared<T> {}

#[cfg(not(Py_GIL_DISABLED))]
impl<T> Shared<T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { value: RefCell::new(None) }
    }

    /// The value as of now.
    pub fn load<'py>(&self, _py: Python<'py>) -> Loaded<'py, T> {
        Loaded { value: self.value.borrow().clone(), attached: PhantomData }
    }

    /// Changes a copy of the value, or of the default, in the value's place. Those who have loaded the old one keep it.
    pub fn update(&self, py: Python<'_>, change: impl Fn(&mut T))
    where
        T: CopyAttached,
    {
        let value = changed(self.value.borrow().as_deref(), py, change);
        self.replace(py, value);
    }

    /// Replaces the value. Those who have loaded the old one keep it.
    pub fn replace(&self, _py: Python<'_>, value: T) {
        drop(self.value.replace(Some(Rc::new(value))));
    }

    /// Looks at the value: for `__traverse__` alone, which the garbage collector may call at any time.
    pub fn visit<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.try_borrow().ok()?.as_deref().map(look)
    }

    /// Changes the value in its place where nobody else has it: for `__clear__` alone.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.value.try_borrow_mut().ok()?.as_mut().and_then(Rc::get_mut).map(change)
    }
}

#[cfg(Py_GIL_DISABLED)]
impl<T> Shared<T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { value: ArcSwapOption::const_empty() }
    }

    /// The value as of now.
    pub fn load<'py>(&self, _py: Python<'py>) -> Loaded<'py, T> {
        Loaded { value: self.value.load(), attached: PhantomData }
    }

    /// Changes a copy of the value, or of the default, in the value's place. Those who have loaded the old one keep it.
    pub fn update(&self, py: Python<'_>, change: impl Fn(&mut T))
    where
        T: CopyAttached,
    {
        drop(self.value.rcu(|old| Some(Arc::new(changed(old.as_deref(), py, &change)))));
    }

    /// Replaces the value. Those who have loaded the old one keep it.
    pub fn replace(&self, _py: Python<'_>, value: T) {
        self.value.store(Some(Arc::new(value)));
    }

    /// Looks at the value: for `__traverse__` alone, which the garbage collector may call at any time.
    pub fn visit<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.load().as_deref().map(look)
    }

    /// Changes the value in its place where nobody else has it: for `__clear__` alone.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut value = self.value.swap(None);
        let changed = value.as_mut().and_then(Arc::get_mut).map(change);
        self.value.store(value);
        changed
    }
}
