//! Strings, bytes and ints without exceptions and, if possible, without a copy.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString};

#[cfg(not(Py_GIL_DISABLED))]
use crate::characters::Characters;

/// Returns a new string of ASCII characters.
#[cfg(not(any(feature = "abi3", Py_3_14)))]
#[expect(unsafe_code, reason = "decoding an event's id takes a thirtieth of track()")]
pub fn ascii<'py, const N: usize>(py: Python<'py>, characters: &[u8; N]) -> PyResult<Bound<'py, PyString>> {
    debug_assert!(characters.is_ascii());
    // SAFETY: the string is new, unknown to other code, and has room for N characters of one byte, none of them above 127.
    unsafe {
        let text: Bound<'py, PyAny> = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(N.cast_signed(), 127))?;
        ffi::PyUnicode_1BYTE_DATA(text.as_ptr()).copy_from_nonoverlapping(characters.as_ptr(), N);
        Ok(text.cast_into_unchecked())
    }
}

/// Returns a new string of ASCII characters.
#[cfg(any(feature = "abi3", Py_3_14))]
pub fn ascii<'py, const N: usize>(py: Python<'py>, characters: &[u8; N]) -> PyResult<Bound<'py, PyString>> {
    PyString::from_bytes(py, characters)
}

/// Returns true if a string has no characters.
#[inline]
#[expect(unsafe_code, reason = "reading the UTF-8 instead takes a fiftieth of construct + track")]
pub fn is_empty(text: &Bound<'_, PyString>) -> bool {
    // SAFETY: the object is a live string. A compact one has its length.
    unsafe {
        #[cfg(not(any(feature = "abi3", Py_3_14)))]
        if ffi::PyUnicode_IS_COMPACT_ASCII(text.as_ptr()) != 0 {
            return ffi::PyUnicode_GET_LENGTH(text.as_ptr()) == 0;
        }
        ffi::PyUnicode_GetLength(text.as_ptr()) == 0
    }
}

/// Returns new `bytes`, or raises `MemoryError`, unlike `PyBytes::new`, which panics.
pub fn new_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, bytes.len(), |new| {
        new.copy_from_slice(bytes);
        Ok(())
    })
}

/// Returns the UTF-8 of an exact `str` if that takes no Python code, or `None` for anything else.
#[inline]
pub fn borrowed_utf8<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    let text = object.cast_exact::<PyString>().ok()?;
    cached_utf8(text).or_else(|| if is_latin1(text) { encoded_utf8(text) } else { None })
}

/// Returns true if all characters are below 256. Other strings may contain lone surrogates: encoding those raises an exception, or
/// calls an error handler that a program registered with `codecs.register_error`.
#[cfg(not(feature = "abi3"))]
#[expect(unsafe_code, reason = "PyO3 has no safe function for it")]
fn is_latin1(text: &Bound<'_, PyString>) -> bool {
    // SAFETY: the object is a live string.
    unsafe { ffi::PyUnicode_KIND(text.as_ptr()) == ffi::PyUnicode_1BYTE_KIND }
}

/// The limited API has no `PyUnicode_KIND`.
#[cfg(feature = "abi3")]
fn is_latin1(_text: &Bound<'_, PyString>) -> bool {
    false
}

/// Returns the UTF-8 of a string, or `None` if it contains lone surrogates. In that case an exception was raised and dropped, which
/// may have started a garbage collection.
#[inline]
pub fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    cached_utf8(text).or_else(|| encoded_utf8(text))
}

#[inline(never)]
fn encoded_utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    text.to_str().ok().map(str::as_bytes)
}

/// Returns the UTF-8 that a string has already: if it is ASCII, or if `PyUnicode_AsUTF8AndSize` has cached it before.
#[cfg(not(any(feature = "abi3", Py_3_14)))]
#[inline]
#[expect(
    unsafe_code,
    reason = "calling PyUnicode_AsUTF8AndSize takes a twentieth of writing JSON, a quarter for non-ASCII strings"
)]
fn cached_utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    let text = text.as_ptr();
    // SAFETY: the object is a live string, which never changes. A compact ASCII string is its own UTF-8. Any other string starts with
    // a PyCompactUnicodeObject, and keeps its cached UTF-8 as long as it lives.
    unsafe {
        if ffi::PyUnicode_IS_COMPACT_ASCII(text) != 0 {
            let length = ffi::PyUnicode_GET_LENGTH(text).unsigned_abs();
            return Some(std::slice::from_raw_parts(ffi::PyUnicode_1BYTE_DATA(text), length));
        }
        let text = text.cast::<ffi::PyCompactUnicodeObject>();
        let (utf8, length) = ((*text).utf8.cast::<u8>(), (*text).utf8_length.unsigned_abs());
        // Without the GIL, another thread may be writing these two fields.
        (!utf8.is_null() && cfg!(not(Py_GIL_DISABLED))).then(|| std::slice::from_raw_parts(utf8, length))
    }
}

/// Always `None`: the limited API and CPython 3.14 do not show the fields of a string.
#[cfg(any(feature = "abi3", Py_3_14))]
fn cached_utf8<'a>(_text: &'a Bound<'_, PyString>) -> Option<&'a [u8]> {
    None
}

/// Returns the characters of a string without running Python code.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
#[inline]
#[expect(
    unsafe_code,
    reason = "CPython's UTF-8 takes half of an event whose texts are new, and stays in memory with them"
)]
pub fn characters<'a>(text: &'a Bound<'_, PyString>) -> Characters<'a> {
    if let Some(utf8) = cached_utf8(text) {
        return Characters::Utf8(utf8);
    }
    let text = text.as_ptr();
    // SAFETY: the object is a live string, whose characters never change. Its kind is their size.
    unsafe {
        let (length, data) = (ffi::PyUnicode_GET_LENGTH(text).unsigned_abs(), ffi::PyUnicode_DATA(text));
        match ffi::PyUnicode_KIND(text) {
            ffi::PyUnicode_1BYTE_KIND => {
                let bytes: &[u8] = std::slice::from_raw_parts(data.cast(), length);
                if cfg!(Py_3_14) && bytes.is_ascii() { Characters::Utf8(bytes) } else { Characters::One(bytes) }
            }
            ffi::PyUnicode_2BYTE_KIND => Characters::Two(std::slice::from_raw_parts(data.cast(), length)),
            ffi::PyUnicode_4BYTE_KIND => Characters::Four(std::slice::from_raw_parts(data.cast(), length)),
            _ => Characters::Unknown,
        }
    }
}

/// Returns the characters of a string: its UTF-8, for which Python code may run.
#[cfg(all(feature = "abi3", not(Py_GIL_DISABLED)))]
pub fn characters<'a>(text: &'a Bound<'_, PyString>) -> Characters<'a> {
    encoded_utf8(text).map_or(Characters::Unknown, Characters::Utf8)
}

/// Returns an int as `i64`, or `None` if it does not fit. `extract` would raise an exception in that case, which may start a garbage
/// collection.
#[inline]
#[expect(unsafe_code, reason = "PyO3 has no function for it that raises no exception")]
pub fn small_int(number: &Bound<'_, PyInt>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: the object is a live int. The function sets no exception for one.
    let number = unsafe { ffi::PyLong_AsLongLongAndOverflow(number.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(number)
}
