//! Payload fields into a wire record: a JSON object in which every value is text.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

use super::envelope::Envelope;
use super::fields::{Fields, is_left_out, plain_text};
use crate::error::Result;
use crate::json::{self, Lossy};
use crate::name::Name;
use crate::program_code::text_of;
use crate::{base64, python, text};

/// A wire record in the making. Every value leaves as text, and no name comes twice: the caller sees to that.
pub struct Record<'a> {
    out: &'a mut Vec<u8>,
    lossy: &'a mut Lossy,
}

impl<'a> Record<'a> {
    /// Begins a record in `out`.
    pub fn begin(out: &'a mut Vec<u8>, lossy: &'a mut Lossy) -> Self {
        out.push(b'{');
        Self { out, lossy }
    }

    /// Goes on with a part of a record.
    pub fn part(out: &'a mut Vec<u8>, lossy: &'a mut Lossy) -> Self {
        Self { out, lossy }
    }

    /// Appends fields that are encoded already, each with its comma.
    pub fn raw(&mut self, fields: &[u8]) {
        self.out.extend_from_slice(fields);
    }

    /// Ends the record.
    pub fn end(self) {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.out.push(b'}');
    }

    /// A field whose value needs no escape.
    pub fn plain(&mut self, name: &'static Name, value: &[u8]) {
        self.out.reserve(name.opening().len() + value.len() + CLOSING.len());
        self.out.extend_from_slice(name.opening().as_bytes());
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(CLOSING);
    }

    /// The value as text: a text's own characters (an enum member's too), anything else as `str()` shows it.
    fn append_value(&mut self, value: &Bound<'_, PyAny>) -> Result<()> {
        if let Ok(text) = value.cast::<PyString>() {
            json::append_text(self.out, text, self.lossy)?;
        } else if let Ok(number) = value.cast_exact::<PyInt>()
            && let Some(number) = python::small_int(number)
        {
            self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        } else if let Ok(number) = value.cast_exact::<PyFloat>()
            && is_written_alike(number.value())
        {
            self.out.extend_from_slice(zmij::Buffer::new().format_finite(number.value()).as_bytes());
        } else {
            json::append_text(self.out, &text_of(value)?, self.lossy)?;
        }
        self.out.extend_from_slice(CLOSING);
        Ok(())
    }
}

/// What ends a field.
const CLOSING: &[u8] = b"\",";

/// Whether Rust and Python write a number the same: both give the shortest digits, but not the same exponents.
fn is_written_alike(number: f64) -> bool {
    number == 0.0 || (1e-4..1e16).contains(&number.abs())
}

impl<'py> Fields<'py> for Record<'_> {
    fn value(&mut self, name: &'static Name, value: &Bound<'py, PyAny>) -> Result<()> {
        // Most values are plain text: the rules for it, and nothing else, in one step.
        if let Ok(text) = value.cast_exact::<PyString>()
            && let Some(text) = python::utf8(text)
        {
            if !text.is_empty() {
                self.out.extend_from_slice(name.opening().as_bytes());
                text::append_escaped(self.out, text);
                self.out.extend_from_slice(CLOSING);
            }
            return Ok(());
        }
        if is_left_out(value) {
            return Ok(());
        }
        self.out.extend_from_slice(name.opening().as_bytes());
        self.append_value(value)
    }

    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        if is_left_out(value) {
            return Ok(());
        }
        self.out.push(b'"');
        json::append_text(self.out, &plain_text(name)?, self.lossy)?;
        self.out.extend_from_slice(b"\":\"");
        self.append_value(value)
    }

    fn text(&mut self, name: &'static Name, text: &'static Name) -> Result<()> {
        self.plain(name, text.text().as_bytes());
        Ok(())
    }

    fn encoded(&mut self, name: &'static Name, envelope: &Envelope, json: &[u8], base64: bool) -> Result<()> {
        self.out.extend_from_slice(name.opening().as_bytes());
        if base64 {
            self.out.extend_from_slice(envelope.head_base64());
            base64::append(self.out, json);
        } else {
            text::append_escaped(self.out, envelope.head());
            text::append_escaped(self.out, json);
        }
        self.out.extend_from_slice(CLOSING);
        Ok(())
    }

    fn lossy(&mut self) -> &mut Lossy {
        self.lossy
    }
}
