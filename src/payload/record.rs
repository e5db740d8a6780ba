//! The writer of a record: a JSON object whose values are all strings.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

use super::fields::{FieldWriter, exact_str, is_omitted};
use crate::cpython::str::{small_int, utf8};
use crate::envelope::Envelope;
use crate::error::Result;
use crate::field_name::FieldName;
use crate::json::escape;
use crate::json::text::{Replacements, append_text};
use crate::output::Output;

/// Writes fields into a record. Each value becomes a string. The caller must write no name twice.
pub struct RecordWriter<'a> {
    out: &'a mut Output,
    replaced: &'a mut Replacements,
}

impl<'a> RecordWriter<'a> {
    /// Starts a record in `out`.
    pub fn begin(out: &'a mut Output, replaced: &'a mut Replacements) -> Self {
        out.push(b'{');
        Self { out, replaced }
    }

    /// Starts a part of a record: fields without braces.
    pub fn part(out: &'a mut Output, replaced: &'a mut Replacements) -> Self {
        Self { out, replaced }
    }

    /// Appends fields that are already encoded, each with its comma.
    pub fn raw(&mut self, fields: &[u8]) {
        self.out.extend_from_slice(fields);
    }

    /// Ends the record. Fails if there was no memory for a part of it.
    pub fn end(self) -> Result<()> {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.out.push(b'}');
        Ok(self.out.check()?)
    }

    /// Writes a field whose value needs no escape.
    pub fn plain(&mut self, name: &'static FieldName, value: &[u8]) {
        if !self.out.reserve(name.record_prefix().len() + value.len() + FIELD_END.len()) {
            return;
        }
        self.out.extend_from_slice(name.record_prefix().as_bytes());
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(FIELD_END);
    }

    /// Appends a value as a string: see `exact_str`.
    fn append_value(&mut self, value: &Bound<'_, PyAny>) -> Result<()> {
        if let Ok(text) = value.cast::<PyString>() {
            append_text(self.out, text, self.replaced)?;
        } else if let Ok(number) = value.cast_exact::<PyInt>()
            && let Some(number) = small_int(number)
        {
            self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        } else if let Ok(number) = value.cast_exact::<PyFloat>()
            && has_same_digits(number.value())
        {
            self.out.extend_from_slice(zmij::Buffer::new().format_finite(number.value()).as_bytes());
        } else {
            append_text(self.out, &exact_str(value)?, self.replaced)?;
        }
        self.out.extend_from_slice(FIELD_END);
        Ok(())
    }
}

const FIELD_END: &[u8] = b"\",";

/// Returns true if `zmij` writes a float exactly as Python does. Both write the shortest digits, but differ in their use of exponents.
pub fn has_same_digits(number: f64) -> bool {
    number == 0.0 || (1e-4..1e16).contains(&number.abs())
}

impl<'py> FieldWriter<'py> for RecordWriter<'_> {
    fn value(&mut self, name: &'static FieldName, value: &Bound<'py, PyAny>) -> Result<()> {
        // Fast path for exact strings, which most values are.
        if let Ok(text) = value.cast_exact::<PyString>()
            && let Some(text) = utf8(text)
        {
            if !text.is_empty() {
                self.out.extend_from_slice(name.record_prefix().as_bytes());
                escape::append_escaped(self.out, text);
                self.out.extend_from_slice(FIELD_END);
            }
            return Ok(());
        }
        if is_omitted(value)? {
            return Ok(());
        }
        self.out.extend_from_slice(name.record_prefix().as_bytes());
        self.append_value(value)
    }

    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        if is_omitted(value)? {
            return Ok(());
        }
        self.out.push(b'"');
        append_text(self.out, &exact_str(name)?, self.replaced)?;
        self.out.extend_from_slice(b"\":\"");
        self.append_value(value)
    }

    fn text(&mut self, name: &'static FieldName, text: &'static FieldName) -> Result<()> {
        self.plain(name, text.text().as_bytes());
        Ok(())
    }

    fn encoded(&mut self, name: &'static FieldName, envelope: &Envelope, json: &[u8], base64: bool) -> Result<()> {
        self.out.extend_from_slice(name.record_prefix().as_bytes());
        envelope.append(self.out, json, base64);
        self.out.extend_from_slice(FIELD_END);
        Ok(())
    }

    fn replaced(&mut self) -> &mut Replacements {
        self.replaced
    }
}
