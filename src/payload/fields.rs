//! The writer of payload fields as a trait, with the rules for values that are omitted, and the writer of a dict.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use crate::base64;
use crate::contracts::is_blank;
use crate::cpython::call::str_of;
use crate::cpython::roomy_dict::dict_with_room;
use crate::cpython::str::utf8;
use crate::envelope::Envelope;
use crate::error::Result;
use crate::field_name::FieldName;
use crate::json::rules::{Rule, enum_value, rule_of, substitute};
use crate::json::substitute::Substitute;
use crate::json::text::{Replacements, without_surrogates};
use crate::output::Output;

/// Writes payload fields in order. None, the empty string, and numbers that are not finite are omitted.
pub trait FieldWriter<'py> {
    /// Writes a field with a Python value.
    fn value(&mut self, name: &'static FieldName, value: &Bound<'py, PyAny>) -> Result<()>;
    /// Writes a field with a Python name and value.
    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()>;
    /// Writes fields with Python names and values.
    fn items(&mut self, items: &[(Bound<'py, PyAny>, Bound<'py, PyAny>)]) -> Result<()> {
        items.iter().try_for_each(|(name, value)| self.item(name, value))
    }
    /// Writes a field with a constant string.
    fn text(&mut self, name: &'static FieldName, text: &'static FieldName) -> Result<()>;
    /// Writes a field with JSON, or its base64: the head of an envelope, and the JSON that follows it.
    fn encoded(&mut self, name: &'static FieldName, envelope: &Envelope, json: &[u8], base64: bool) -> Result<()>;
    /// Returns the counters of replaced values.
    fn replaced(&mut self) -> &mut Replacements;
}

/// Most events have no more fields.
const USUAL_FIELDS: isize = 16;

/// Writes fields into a dict. Values keep their types, and a later field replaces an earlier one.
pub struct DictWriter<'a, 'py> {
    fields: Bound<'py, PyDict>,
    replaced: &'a mut Replacements,
}

impl<'a, 'py> DictWriter<'a, 'py> {
    /// Starts a dict.
    pub fn begin(py: Python<'py>, replaced: &'a mut Replacements) -> Result<Self> {
        Ok(Self { fields: dict_with_room(py, USUAL_FIELDS)?, replaced })
    }

    fn set(&mut self, name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>) -> Result<()> {
        match value.cast::<PyString>() {
            Ok(text) if text.to_str().is_err() => {
                self.fields.set_item(name, without_surrogates(text, self.replaced)?)?;
            }
            Ok(_) => self.fields.set_item(name, value)?,
            Err(_) => match enum_value(value)? {
                Some(value) => self.set(name, &value)?,
                None => self.fields.set_item(name, value)?,
            },
        }
        Ok(())
    }

    /// Adds fields that are already clean.
    pub fn update(&mut self, clean: &Bound<'py, PyDict>) -> Result<()> {
        Ok(self.fields.update(clean.as_mapping())?)
    }

    /// Returns the dict.
    pub fn end(self) -> Bound<'py, PyDict> {
        self.fields
    }
}

impl<'py> FieldWriter<'py> for DictWriter<'_, 'py> {
    fn value(&mut self, name: &'static FieldName, value: &Bound<'py, PyAny>) -> Result<()> {
        let name = name.python(self.fields.py());
        // Fast path for exact strings, which most values are.
        if let Ok(text) = value.cast_exact::<PyString>()
            && let Some(utf8) = utf8(text)
        {
            return if utf8.is_empty() { Ok(()) } else { Ok(self.fields.set_item(name, text)?) };
        }
        if is_omitted(value)? { Ok(()) } else { self.set(name, value) }
    }

    fn item(&mut self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        if is_omitted(value)? {
            return Ok(());
        }
        self.set(&exact_str(name)?, value)
    }

    fn text(&mut self, name: &'static FieldName, text: &'static FieldName) -> Result<()> {
        let py = self.fields.py();
        Ok(self.fields.set_item(name.python(py), text.python(py))?)
    }

    fn encoded(&mut self, name: &'static FieldName, envelope: &Envelope, json: &[u8], base64: bool) -> Result<()> {
        let mut encoded = Output::new();
        if base64 {
            encoded.extend_from_slice(envelope.head_base64());
            base64::append(&mut encoded, json);
        } else {
            encoded.extend_from_slice(envelope.head());
            encoded.extend_from_slice(json);
        }
        encoded.check()?;
        let py = self.fields.py();
        Ok(self.fields.set_item(name.python(py), PyString::from_bytes(py, &encoded)?)?)
    }

    fn replaced(&mut self) -> &mut Replacements {
        self.replaced
    }
}

/// Returns the exact `str` for a value: the characters of a string, an enum member's included, that of an enum member's value, or `str()`
/// of anything else.
pub fn exact_str<'py>(value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyString>> {
    match value.cast::<PyString>() {
        Ok(text) if text.is_exact_instance_of::<PyString>() => Ok(text.clone()),
        Ok(text) => Ok(value
            .py()
            .get_type::<PyString>()
            .call_method1("join", ("", (text,)))?
            .cast_into()
            .map_err(PyErr::from)?),
        Err(_) => match enum_value(value)? {
            Some(value) => exact_str(&value),
            None => Ok(str_of(value)?),
        },
    }
}

/// Returns true for values that a payload omits: None, missing values of pandas and numpy, the empty string, and numbers that are not
/// finite. An enum member counts as its value.
pub fn is_omitted(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.cast::<PyString>().is_ok() || value.cast_exact::<PyInt>().is_ok() {
        return Ok(is_blank(value));
    }
    match value.cast::<PyFloat>() {
        Ok(number) => Ok(!number.value().is_finite()),
        Err(_) => Ok(value.is_none() || is_missing(value)?),
    }
}

#[cold]
fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_exact_instance_of::<PyBool>() {
        return Ok(false);
    }
    match enum_value(value)? {
        Some(value) => is_omitted(&value),
        None => Ok(is_not_a_time(value)? || is_non_finite_number(value)?),
    }
}

/// Returns true for the missing values of pandas, and `NaT` of numpy.
fn is_not_a_time(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(match rule_of(value)? {
        Some(Rule::Missing) => true,
        Some(Rule::NumpyScalar) => {
            matches!(substitute(value)?, Some(Substitute::Object(item)) if item.is_none())
        }
        _ => false,
    })
}

/// Returns true for a Decimal, or a similar number, that is not finite. It is recognised by its text, since a finite one may be too
/// large for a float.
///
/// An exception of `__str__` is raised here: if it were ignored, the value would be asked for its text once more, and in a recursion
/// through `__str__` each level would double the calls.
#[cold]
fn is_non_finite_number(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !value.hasattr(crate::sync::once::intern!(value.py(), "__float__"))? {
        return Ok(false);
    }
    Ok(str_of(value)?.to_str().is_ok_and(is_non_finite_name))
}

fn is_non_finite_name(text: &str) -> bool {
    let name = text.trim_start_matches(['+', '-', 's']).to_ascii_lowercase();
    ["nan", "inf", "infinity"].contains(&name.as_str())
}
