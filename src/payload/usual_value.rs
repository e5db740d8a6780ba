//! One field of a usual event or subject, as a part of a record: see `usual.rs`.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

use super::line::Line;
use super::record::has_same_digits;
use crate::characters::Characters;
use crate::cpython::str::{characters, small_int};
use crate::field_name::FieldName;
use crate::json::transcode;

/// Appends a field with its comma, or nothing if the value is an empty text. Returns `None` if the value is not usual.
#[inline(always)]
pub fn append_value<'a>(mut line: Line<'a>, name: &FieldName, value: &Bound<'_, PyAny>) -> Option<Line<'a>> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        let characters = characters(text);
        if let Characters::Utf8(bytes) = characters
            && (bytes.is_empty() || line.field(name, bytes).ok()?)
        {
            return Some(line);
        }
        return append_other_text(line, name, &characters);
    }
    append_number(line, name, value)
}

/// Appends a text that has escapes, or no UTF-8 yet.
#[inline(never)]
fn append_other_text<'a>(line: Line<'a>, name: &FieldName, characters: &Characters<'_>) -> Option<Line<'a>> {
    let out = line.end();
    out.extend_from_slice(name.record_prefix().as_bytes());
    if !transcode::append(out, characters) {
        return None;
    }
    out.extend_from_slice(b"\",");
    out.check().ok()?;
    Line::begin(out, 0).ok()
}

#[inline(never)]
fn append_number<'a>(mut line: Line<'a>, name: &FieldName, value: &Bound<'_, PyAny>) -> Option<Line<'a>> {
    if let Ok(number) = value.cast_exact::<PyInt>() {
        line.int(name, small_int(number)?).ok()?;
        return Some(line);
    }
    let number = value.cast_exact::<PyFloat>().ok()?.value();
    if !has_same_digits(number) {
        return None;
    }
    line.float(name, number).ok()?;
    Some(line)
}
