//! Cells that are set once, and interned strings.
//!
//! In contrast to `pyo3::sync::PyOnceLock`, these keep the GIL between the moment when a cell is being set and the moment when it is. With
//! the GIL released, another thread could fork there, and the child would wait for ever for a thread that it does not have.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// A cell that is set once.
pub struct SetOnce<T>(OnceLock<T>);

impl<T> SetOnce<T> {
    /// Creates an empty cell.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the value, if there is one.
    pub fn get(&self, _py: Python<'_>) -> Option<&T> {
        self.0.get()
    }

    /// Returns the value, or that of `make`, which is then kept. `make` may run Python code: the first value that it returns to any thread
    /// is kept.
    pub fn get_or_init(&self, py: Python<'_>, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get(py) {
            return value;
        }
        let value = make();
        self.0.get_or_init(|| value)
    }

    /// Sets the value, if there is none.
    pub fn set(&self, _py: Python<'_>, value: T) -> Result<(), T> {
        self.0.set(value)
    }
}

/// A constant string, created once as an interned Python string.
pub struct Interned(&'static str, SetOnce<Py<PyString>>);

impl Interned {
    /// Creates a string from its text. Use the macro `intern!`.
    pub const fn new(text: &'static str) -> Self {
        Self(text, SetOnce::new())
    }

    /// Returns the Python string.
    pub fn get<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.1.get_or_init(py, || PyString::intern(py, self.0).unbind()).bind(py)
    }
}

/// Returns a constant as an interned Python string.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static INTERNED: $crate::sync::once::Interned = $crate::sync::once::Interned::new($text);
        INTERNED.get($py)
    }};
}

pub(crate) use intern;
