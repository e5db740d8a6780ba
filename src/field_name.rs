//! Names of payload fields, and other constant strings: in the form that a record needs, and as Python strings that are created once.

#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
use std::ptr::NonNull;

use crate::sync::once::SetOnce;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// The name of a field. It needs no JSON escape.
pub struct FieldName {
    record_prefix: &'static str,
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    padded: [u8; 32],
    python: SetOnce<Py<PyString>>,
}

impl FieldName {
    /// Creates a name from its form in a record. Use the macro `field_name!`.
    pub const fn from_record_prefix(record_prefix: &'static str) -> Self {
        Self {
            record_prefix,
            #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
            padded: padded(record_prefix.as_bytes()),
            python: SetOnce::new(),
        }
    }

    /// The start of a field of a record, `"name":"`: with the first quote of the value, since all values of a record are strings.
    pub const fn record_prefix(&self) -> &'static str {
        self.record_prefix
    }

    /// Writes `record_prefix` at a cursor, and returns the cursor after it.
    ///
    /// # Safety
    ///
    /// There must be room for 32 bytes.
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    #[inline(always)]
    #[expect(unsafe_code, reason = "copying so few bytes of any number takes a twentieth of a page view")]
    pub unsafe fn write_record_prefix(&self, at: NonNull<u8>) -> NonNull<u8> {
        // SAFETY: see the requirements above. A name is at most so long.
        unsafe {
            at.cast::<[u8; 32]>().write(self.padded);
            at.add(self.record_prefix.len())
        }
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

#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
const fn padded(prefix: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    padded.split_at_mut(prefix.len()).0.copy_from_slice(prefix);
    padded
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
