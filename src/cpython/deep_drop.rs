//! Drops chains of objects that own each other, however long, with a bounded part of the stack. CPython does the same for its own
//! containers (the "trashcan"), but each version with other internals.

use std::cell::{Cell, RefCell};

use pyo3::prelude::*;

/// The most objects that are dropped inside each other.
const MAX_DEPTH: usize = 50;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static POSTPONED: RefCell<Vec<Py<PyAny>>> = const { RefCell::new(Vec::new()) };
}

/// Drops a reference of an object that is going away itself.
pub fn drop_owned(object: Option<Py<PyAny>>) {
    let Some(object) = object else { return };
    let depth = DEPTH.get();
    if depth == MAX_DEPTH {
        postpone(object);
        return;
    }
    DEPTH.set(depth + 1);
    drop(object);
    if depth == 0 {
        while let Some(object) = next_postponed() {
            drop(object);
        }
    }
    DEPTH.set(depth);
}

/// Leaves an object to the outermost drop. If there is no memory for that, or if the thread is ending, it is dropped at once.
#[cold]
fn postpone(object: Py<PyAny>) {
    // Kept outside of the closure, since dropping the object may postpone others.
    let mut object = Some(object);
    let _ = POSTPONED.try_with(|postponed| {
        let mut postponed = postponed.borrow_mut();
        if postponed.try_reserve(1).is_ok() {
            postponed.extend(object.take());
        }
    });
    drop(object);
}

fn next_postponed() -> Option<Py<PyAny>> {
    POSTPONED.try_with(|postponed| postponed.borrow_mut().pop()).ok().flatten()
}
