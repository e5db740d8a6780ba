//! Where a payload's fields go, and which values are worth a field.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyString};

use super::envelope::Envelope;
use crate::base64;
use crate::contracts::is_blank;
use crate::error::Result;
use crate::json::{self, Lossy};
use crate::name::Name;
use crate::program_code::text_of;
use crate::python;

/// Where a payload's fields go, in order. None and "" are left out, as are numbers that are not finite.
pub trait Fields<'py> {
    /// A field with a value out of Python.
    fn value(&mut self, name: &'static Name, value: &Bound<'py, PyAny>) -> Result<()>;
    /// A field with a name out of Python as well.
    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()>;
    /// Fields with names and values out of Python.
    fn items(&mut self, items: &[(Bound<'py, PyAny>, Bound<'py, PyAny>)]) -> Result<()> {
        items.iter().try_for_each(|(name, value)| self.item(name, value))
    }
    /// A field with a text that is known beforehand.
    fn text(&mut self, name: &'static Name, text: &'static Name) -> Result<()>;
    /// A field with JSON text or its base64: an envelope's head, and what follows.
    fn encoded(&mut self, name: &'static Name, envelope: &Envelope, json: &[u8], base64: bool) -> Result<()>;
    /// Where to note what could not be said.
    fn lossy(&mut self) -> &mut Lossy;
}

/// A dict in the making. Values keep their types, and a later field replaces an earlier one.
pub struct Dict<'a, 'py> {
    fields: Bound<'py, PyDict>,
    lossy: &'a mut Lossy,
}

impl<'a, 'py> Dict<'a, 'py> {
    /// Begins a dict.
    pub fn begin(py: Python<'py>, lossy: &'a mut Lossy) -> Self {
        Self { fields: PyDict::new(py), lossy }
    }

    fn set(&mut self, name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>) -> Result<()> {
        match value.cast::<PyString>() {
            Ok(text) if text.to_str().is_err() => {
                self.fields.set_item(name, json::without_surrogates(text, self.lossy)?)?;
            }
            _ => self.fields.set_item(name, value)?,
        }
        Ok(())
    }

    /// Adds fields that are as they leave.
    pub fn update(&mut self, clean: &Bound<'py, PyDict>) -> Result<()> {
        Ok(self.fields.update(clean.as_mapping())?)
    }

    /// Ends the dict.
    pub fn end(self) -> Bound<'py, PyDict> {
        self.fields
    }
}

impl<'py> Fields<'py> for Dict<'_, 'py> {
    fn value(&mut self, name: &'static Name, value: &Bound<'py, PyAny>) -> Result<()> {
        let name = name.python(self.fields.py());
        // Most values are plain text: the rules for it, and nothing else, in one step.
        if let Ok(text) = value.cast_exact::<PyString>()
            && let Some(utf8) = python::utf8(text)
        {
            return if utf8.is_empty() { Ok(()) } else { Ok(self.fields.set_item(name, text)?) };
        }
        if is_left_out(value) { Ok(()) } else { self.set(name, value) }
    }

    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        if is_left_out(value) {
            return Ok(());
        }
        self.set(&plain_text(name)?, value)
    }

    fn text(&mut self, name: &'static Name, text: &'static Name) -> Result<()> {
        let py = self.fields.py();
        Ok(self.fields.set_item(name.python(py), text.python(py))?)
    }

    fn encoded(&mut self, name: &'static Name, envelope: &Envelope, json: &[u8], base64: bool) -> Result<()> {
        let mut encoded = Vec::new();
        if base64 {
            encoded.extend_from_slice(envelope.head_base64());
            base64::append(&mut encoded, json);
        } else {
            encoded.extend_from_slice(envelope.head());
            encoded.extend_from_slice(json);
        }
        Ok(self.fields.set_item(name.python(self.fields.py()), String::from_utf8(encoded).map_err(PyErr::from)?)?)
    }

    fn lossy(&mut self) -> &mut Lossy {
        self.lossy
    }
}

/// The exact `str` for a value: a text's own characters (an enum member's too), anything else as `str()` shows it.
pub fn plain_text<'py>(value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
    match value.cast::<PyString>() {
        Ok(text) if text.is_exact_instance_of::<PyString>() => Ok(text.clone()),
        Ok(text) => Ok(value
            .py()
            .get_type::<PyString>()
            .call_method1("join", ("", (text,)))?
            .cast_into()
            .map_err(PyErr::from)?),
        Err(_) => Ok(text_of(value)?),
    }
}

/// What a payload leaves out: None, the empty text, and numbers that are not finite.
pub fn is_left_out(value: &Bound<'_, PyAny>) -> bool {
    if value.cast::<PyString>().is_ok() || value.cast_exact::<PyInt>().is_ok() {
        return is_blank(value);
    }
    match value.cast::<PyFloat>() {
        Ok(number) => !number.value().is_finite(),
        Err(_) => value.is_none() || is_not_a_finite_number(value),
    }
}

/// Decimals and the like, by their text: a float could not hold each of them.
#[cold]
fn is_not_a_finite_number(value: &Bound<'_, PyAny>) -> bool {
    let text = || text_of(value).is_ok_and(|text| text.to_str().is_ok_and(is_named_non_finite));
    value.hasattr(pyo3::intern!(value.py(), "__float__")).unwrap_or(false) && text()
}

fn is_named_non_finite(text: &str) -> bool {
    let name = text.trim_start_matches(['+', '-', 's']).to_ascii_lowercase();
    ["nan", "inf", "infinity"].contains(&name.as_str())
}
