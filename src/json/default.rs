//! Objects that JSON does not support: they go to the program's `json_encoder`, or to built-in rules if there is none.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use super::stack::Remaining;
use super::writer::Writer;
use crate::cpython::call::call_user_code;
use crate::error::{Error, Result, type_name};

/// A built-in rule for an object.
enum Rule {
    /// Write the string that this method returns.
    Text(&'static str),
    /// Write a number of any precision by its own digits.
    Decimal,
    /// Write the value of this attribute.
    Value(&'static str),
    /// Write the Python scalar that `item()` of a numpy scalar returns.
    Item,
}

/// The rules, by the class's module and name: if the module was never imported there is no such object, so none is imported here.
const RULES: [(&str, &str, Rule); 7] = [
    ("datetime", "datetime", Rule::Text("isoformat")),
    ("datetime", "date", Rule::Text("isoformat")),
    ("datetime", "time", Rule::Text("isoformat")),
    ("uuid", "UUID", Rule::Text("__str__")),
    ("decimal", "Decimal", Rule::Decimal),
    ("enum", "Enum", Rule::Value("value")),
    ("numpy", "generic", Rule::Item),
];

impl<'py> Writer<'_, 'py> {
    /// Writes what the encoder, or a built-in rule, returns for an object. Exceptions of either reach the caller.
    pub(super) fn begin_encoded(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.stack.open(object, Remaining::Replacement(None))?;
        let remaining = match self.json_encoder {
            Some(encoder) => Remaining::Replacement(Some(call_user_code(encoder, (object,), None)?)),
            None => self.apply_rule(object)?,
        };
        self.set_remaining(remaining);
        Ok(())
    }

    /// Applies the built-in rule for an object. Returns what remains to be written.
    fn apply_rule(&mut self, object: &Bound<'py, PyAny>) -> Result<Remaining<'py>> {
        let replacement = match rule_of(object)? {
            Some(Rule::Text(method)) => call_user_code(&object.getattr(*method)?, (), None)?,
            Some(Rule::Value(attribute)) => object.getattr(*attribute)?,
            Some(Rule::Item) => numpy_item(object)?,
            Some(Rule::Decimal) => {
                self.decimal(object)?;
                return Ok(Remaining::Replacement(None));
            }
            None if is_dataclass_instance(object)? => return self.dataclass_fields(object),
            None => return Err(Error::NotJson(type_name(object))),
        };
        Ok(Remaining::Replacement(Some(replacement)))
    }

    /// Returns the fields of a dataclass instance as the items of a dict.
    fn dataclass_fields(&mut self, object: &Bound<'py, PyAny>) -> Result<Remaining<'py>> {
        let mut items = Vec::new();
        for field in object.py().import("dataclasses")?.call_method1("fields", (object,))?.try_iter()? {
            let name = field?.getattr("name")?;
            let value = object.getattr(name.cast::<PyString>().map_err(PyErr::from)?)?;
            items.push((name, value));
        }
        self.out.push(b'{');
        Ok(Remaining::Items(items.into_iter()))
    }

    fn decimal(&mut self, number: &Bound<'py, PyAny>) -> Result<()> {
        if number.call_method0("is_finite")?.is_truthy()? {
            let decimal = number.py().import("decimal")?.getattr("Decimal")?;
            let digits = decimal.call_method1("__str__", (number,))?;
            self.raw(digits.extract::<Cow<'_, str>>()?.as_bytes());
        } else {
            self.replaced.non_finite += 1;
            self.raw(b"null");
        }
        Ok(())
    }
}

fn rule_of(object: &Bound<'_, PyAny>) -> Result<Option<&'static Rule>> {
    for class in object.get_type().mro() {
        let class = class.cast::<PyType>().map_err(PyErr::from)?;
        let (Ok(module), Ok(name)) = (class.module(), class.qualname()) else { continue };
        if let Some((.., rule)) = RULES.iter().find(|(of, named, _)| module == *of && name == *named) {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

fn is_dataclass_instance(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.get_type().hasattr("__dataclass_fields__")
}

/// Returns the Python scalar of a numpy scalar. `item()` of a long double returns the object itself: its nearest float is used instead.
fn numpy_item<'py>(scalar: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let item = scalar.call_method0("item")?;
    if item.get_type().is(scalar.get_type()) {
        return Ok(scalar.call_method0("__float__")?);
    }
    Ok(item)
}
