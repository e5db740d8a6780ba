//! Drops chains of objects that own each other, however long, with a bounded part of the stack. CPython does the same for its own
//! containers (the "trashcan"), but each version with other internals.

use std::cell::{Cell, RefCell};

use pyo3::ffi;
use pyo3::prelude::*;

/// The most objects that are dropped inside each other.
const MAX_DEPTH: usize = 50;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static POSTPONED: RefCell<Vec<Py<PyAny>>> = const { RefCell::new(Vec::new()) };
}

/// Drops a reference of an object that is going away itself. The thread must be attached.
#[inline]
#[expect(unsafe_code, reason = "asking PyO3 whether the thread is attached takes a twentieth of construct + track")]
pub fn drop_owned<T>(object: &mut Option<Py<T>>) {
    let Some(object) = object.take() else { return };
    // SAFETY: CPython frees objects on attached threads only.
    let object = object.into_any().into_bound(unsafe { Python::assume_attached() });
    if may_own_others(&object) {
        drop_nested(object);
    }
}

/// Returns false for text, numbers and other objects that own no others, and with the GIL also if the object stays.
#[inline]
#[expect(unsafe_code, reason = "see drop_owned")]
fn may_own_others(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive, and so is its class.
    unsafe {
        (cfg!(Py_GIL_DISABLED) || ffi::Py_REFCNT(object.as_ptr()) == 1)
            && ffi::PyType_HasFeature(object.get_type_ptr(), ffi::Py_TPFLAGS_HAVE_GC) != 0
    }
}

#[inline(never)]
fn drop_nested(object: Bound<'_, PyAny>) {
    let py = object.py();
    DEPTH.with(|depth| {
        let outer = depth.get();
        if outer == MAX_DEPTH {
            postpone(object);
            return;
        }
        depth.set(outer + 1);
        drop(object);
        if outer == 0 {
            while let Some(object) = next_postponed() {
                drop(object.into_bound(py));
            }
        }
        depth.set(outer);
    });
}

/// Leaves an object to the outermost drop. If there is no memory for that, or if the thread is ending, it is dropped at once.
#[cold]
fn postpone(object: Bound<'_, PyAny>) {
    // Kept outside of the closure, since dropping the object may postpone others.
    let mut object = Some(object);
    let _ = POSTPONED.try_with(|postponed| {
        let mut postponed = postponed.borrow_mut();
        if postponed.try_reserve(1).is_ok() {
            postponed.extend(object.take().map(Bound::unbind));
        }
    });
    drop(object);
}

fn next_postponed() -> Option<Py<PyAny>> {
    POSTPONED.try_with(|postponed| postponed.borrow_mut().pop()).ok().flatten()
}
