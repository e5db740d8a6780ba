//! Turns a panic of native code into an error: it must neither end the program that tracks nor print to its stderr.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

thread_local! {
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps caught panics from being printed. Panics of other extensions are printed as before.
pub fn silence_caught_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_CATCHING.get() {
            print(info);
        }
    }));
}

/// Calls `work`, and returns a panic in it as a `RuntimeError`.
pub fn catch<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let outer = IS_CATCHING.replace(true);
    // No half-changed state can be seen afterwards: what `work` changes belongs to Python, or is behind a lock that ignores poison.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CATCHING.set(outer);
    result.unwrap_or_else(|cause| {
        let text = cause
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown cause".to_owned());
        Err(PyRuntimeError::new_err(format!("internal error of snowplow_tracker: {text}")))
    })
}
