//! A panic of ours is an error of ours: the program that is observed neither ends by it nor sees it on its stderr.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps guarded panics from printing. Other extensions' panics print as they did.
pub fn silence_guarded_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !GUARDED.get() {
            print(info);
        }
    }));
}

/// Does `work`; a panic in it comes back as a `RuntimeError`.
pub fn guarded<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let outer = GUARDED.replace(true);
    // Whatever `work` was changing is Python's, or behind a lock that ignores poison: there is no state to see half-changed.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.unwrap_or_else(|cause| {
        let text = cause
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown cause".to_owned());
        Err(PyRuntimeError::new_err(format!("internal error of snowplow_tracker: {text}")))
    })
}
