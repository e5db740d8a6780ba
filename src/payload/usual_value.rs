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
pub fn append_value(line: &mut Line<'_>, name: &FieldName, value: &Bound<'_, PyAny>) -> Option<()> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        let characters = characters(text);
        if let Characters::Utf8(bytes) = characters
            && (bytes.is_empty() || line.field(name, bytes).ok()?)
        {
            return Some(());
        }
        return append_other_text(line, name, &characters);
    }
    append_number(line, name, value)
}

/// Appends a text that has escapes, or no UTF-8 yet.
#[inline(never)]
fn append_other_text(line: &mut Line<'_>, name: &FieldName, characters: &Characters<'_>) -> Option<()> {
    line.append_with(|out| {
        out.extend_from_slice(name.record_prefix().as_bytes());
        let is_whole = transcode::append(out, characters);
        out.extend_from_slice(b"\",");
        is_whole.then_some(())
    })
    .ok()?
}

#[inline(never)]
fn append_number(line: &mut Line<'_>, name: &FieldName, value: &Bound<'_, PyAny>) -> Option<()> {
    if let Ok(number) = value.cast_exact::<PyInt>() {
        return line.int(name, small_int(number)?).ok();
    }
    let number = value.cast_exact::<PyFloat>().ok()?.value();
    if !has_same_digits(number) {
        return None;
    }
    line.float(name, number).ok()
}
