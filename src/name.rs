//! Names of payload fields, and other texts known beforehand: as they stand in a record, and as Python texts that are made once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// The name of a field, which needs no escape.
pub struct Name {
    opening: &'static str,
    python: PyOnceLock<Py<PyString>>,
}

impl Name {
    /// Of a name as it opens a field. The macro `name` makes it so.
    pub const fn of_opening(opening: &'static str) -> Self {
        Self { opening, python: PyOnceLock::new() }
    }

    /// As it opens a field of a record, whose values are all text: with its quotes, the colon, and the value's first quote.
    pub const fn opening(&self) -> &'static str {
        self.opening
    }

    /// As it stands in any JSON: with its quotes and the colon.
    pub fn quoted(&self) -> &'static str {
        &self.opening[..self.opening.len() - 1]
    }

    /// Without quotes.
    pub fn text(&self) -> &'static str {
        &self.opening[1..self.opening.len() - 3]
    }

    /// As a Python text, interned.
    pub fn python<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.python.get_or_init(py, || PyString::intern(py, self.text()).unbind()).bind(py)
    }
}

/// The name with this text.
macro_rules! name {
    ($text:literal) => {{
        static NAME: $crate::name::Name = $crate::name::Name::of_opening(concat!("\"", $text, "\":\""));
        &NAME
    }};
}

pub(crate) use name;
