//! Names of payload fields, and other constant strings: in the form that a record needs, and as Python strings that are created once.

use crate::sync::once::SetOnce;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// The name of a field. It needs no JSON escape.
pub struct FieldName {
    record_prefix: &'static str,
    python: SetOnce<Py<PyString>>,
}

impl FieldName {
    /// Creates a name from its form in a record. Use the macro `field_name!`.
    pub const fn from_record_prefix(record_prefix: &'static str) -> Self {
        Self { record_prefix, python: SetOnce::new() }
    }

    /// The start of a field of a record, `"name":"`: with the first quote of the value, since all values of a record are strings.
    pub const fn record_prefix(&self) -> &'static str {
        self.record_prefix
    }

    /// The start of a member of any JSON object: `"name":`.
    pub fn json_prefix(&self) -> &'static str {
        &self.record_prefix[..self.record_prefix.len() - 1]
    }

    /// The name without quotes.
    pub fn text(&self) -> &'static str {
        &self.record_prefix[1..self.record_prefix.len() - 3]
    }

    /// The name as an interned Python string.
    pub fn python<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.python.get_or_init(py, || PyString::intern(py, self.text()).unbind()).bind(py)
    }
}

/// A static `FieldName`.
macro_rules! field_name {
    ($text:literal) => {{
        static NAME: $crate::field_name::FieldName =
            $crate::field_name::FieldName::from_record_prefix(concat!("\"", $text, "\":\""));
        &NAME
    }};
}

pub(crate) use field_name;
