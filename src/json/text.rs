//! Python strings as JSON text, and the values that JSON cannot represent.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::escape;
use crate::cpython::str::utf8;
use crate::error::Result;
use crate::output::{NoMemory, Output};

/// Counts values that JSON cannot represent and that were replaced: a warning reports them.
#[derive(Clone, Copy, Default)]
pub struct Replacements {
    /// NaN and infinities, replaced by `null`.
    pub non_finite: u32,
    /// Strings with lone surrogates, each replaced by U+FFFD.
    pub surrogates: u32,
}

/// Appends the characters of a string as they stand inside a JSON string. UTF-8 cannot represent lone surrogates: each is replaced by
/// U+FFFD, and a pair by its character.
pub fn append_text(out: &mut Output, text: &Bound<'_, PyString>, replaced: &mut Replacements) -> Result<()> {
    if let Some(utf8) = utf8(text) {
        escape::append_escaped(out, utf8);
    } else {
        escape::append_escaped(out, without_surrogates(text, replaced)?.as_bytes());
    }
    Ok(())
}

/// Returns a string with each lone surrogate replaced by U+FFFD.
#[cold]
pub fn without_surrogates(text: &Bound<'_, PyString>, replaced: &mut Replacements) -> Result<String> {
    let utf16 = text.call_method1(crate::sync::once::intern!(text.py(), "encode"), ("utf-16-le", "surrogatepass"))?;
    let bytes = utf16.extract::<Cow<'_, [u8]>>()?;
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let mut lone = 0;
    let mut repaired = String::new();
    // A unit of UTF-16 takes at most three bytes of UTF-8.
    repaired.try_reserve(bytes.len() / 2 * 3).map_err(|_| NoMemory)?;
    repaired.extend(char::decode_utf16(units).map(|unit| {
        unit.unwrap_or_else(|_| {
            lone = 1;
            char::REPLACEMENT_CHARACTER
        })
    }));
    replaced.surrogates += lone;
    Ok(repaired)
}
