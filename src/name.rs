//! Names of payload fields: as they stand in a record, and as Python texts that are made once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// The name of a field, which needs no escape.
pub struct Name {
    quoted: &'static str,
    python: PyOnceLock<Py<PyString>>,
}

impl Name {
    /// Of a name with its quotes and the colon. The macro `name` adds them.
    pub const fn of_quoted(quoted: &'static str) -> Self {
        Self { quoted, python: PyOnceLock::new() }
    }

    /// As it stands in a record: with its quotes and the colon.
    pub fn quoted(&self) -> &'static str {
        self.quoted
    }

    /// As a Python text, interned.
    pub fn python<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        let text = &self.quoted[1..self.quoted.len() - 2];
        self.python.get_or_init(py, || PyString::intern(py, text).unbind()).bind(py)
    }
}

/// The name with this text.
macro_rules! name {
    ($text:literal) => {{
        static NAME: $crate::name::Name = $crate::name::Name::of_quoted(concat!("\"", $text, "\":"));
        &NAME
    }};
}

pub(crate) use name;
