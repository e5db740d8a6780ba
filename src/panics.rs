//! Turns a panic of native code into an error: it must neither end the program that tracks nor print to its stderr. Every way from Python
//! that may run the program's code comes through here, so this is also where endless recursion ends.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::{PyRecursionError, PyRuntimeError};
use pyo3::prelude::*;

use crate::cpython::stack_room;

thread_local! {
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps caught panics from being printed. Panics of other extensions are printed as before.
pub fn silence_caught_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_CATCHING.get() && !is_in_quick_work() {
            print(info);
        }
    }));
}

/// Whether the thread that holds the GIL is in `run_quick`. A variable of each thread takes longer to find.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
static IS_QUICK: AtomicBool = AtomicBool::new(false);

#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
#[expect(unsafe_code, reason = "PyO3 has no function for it")]
fn is_in_quick_work() -> bool {
    // SAFETY: the function may be called on any thread.
    IS_QUICK.load(Ordering::Relaxed) && unsafe { pyo3::ffi::PyGILState_Check() != 0 }
}

/// Always false: there is no quick work.
#[cfg(any(feature = "abi3", Py_GIL_DISABLED))]
fn is_in_quick_work() -> bool {
    false
}

/// Calls `work`, which must run no Python code. Returns `None` if it panics.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
#[inline(always)]
pub fn run_quick<T>(_py: Python<'_>, work: impl FnOnce() -> T) -> Option<T> {
    IS_QUICK.store(true, Ordering::Relaxed);
    // As in `run`, nobody sees half-changed state.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_QUICK.store(false, Ordering::Relaxed);
    result.ok()
}

/// The reason why work was not done.
pub enum Failure {
    /// The stack is nearly full. Work was not begun.
    NestedTooDeep,
    /// A panic, with its message.
    Panicked(String),
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NestedTooDeep => {
                PyRecursionError::new_err("maximum recursion depth exceeded: the stack of this thread is nearly full")
            }
            Failure::Panicked(text) => PyRuntimeError::new_err(format!("internal error of snowplow_tracker: {text}")),
        }
    }
}

/// Calls `work`, and returns its result, or the failure if there is none.
pub fn run<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    let is_nested = IS_CATCHING.replace(true);
    if is_nested && !stack_room::has_room() {
        return Err(Failure::NestedTooDeep);
    }
    // No half-changed state can be seen afterwards: what `work` changes belongs to Python, or is behind a lock that ignores poison.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CATCHING.set(is_nested);
    result.map_err(|cause| {
        let text = cause
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown cause".to_owned());
        Failure::Panicked(text)
    })
}

/// Calls `work`, and returns a failure as an exception.
pub fn catch<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    run(work)?
}
