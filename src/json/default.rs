//! Objects that JSON cannot hold: the user's `json_encoder`, and with none the rules that users expect.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use super::stack::Remaining;
use super::writer::Writer;
use crate::cpython::call::call_user_code;
use crate::error::{Error, Result, type_name};

/// What the built-in rules make of an object.
enum Rule {
    /// The text that this method returns.
    Text(&'static str),
    /// A number of any precision, by its own text.
    Decimal,
    /// The value that this attribute holds.
    Value(&'static str),
    /// The Python scalar in a scalar of numpy.
    Item,
}

/// By the class's module and name: where that module was never imported, no such object exists, and none need be imported here.
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
    /// Begins what the encoder, or a built-in rule, returns in the object's place. What either raises reaches the caller.
    pub(super) fn begin_encoded(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.open(object, Remaining::Encoded(None))?;
        let rest = match self.json_encoder {
            Some(encoder) => Remaining::Encoded(Some(call_user_code(encoder, (object,), None)?)),
            None => self.rest_by_rule(object)?,
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.rest = rest;
        }
        Ok(())
    }

    /// What the built-in rules leave to be written of an object.
    fn rest_by_rule(&mut self, object: &Bound<'py, PyAny>) -> Result<Remaining<'py>> {
        let answer = match rule_of(object)? {
            Some(Rule::Text(method)) => call_user_code(&object.getattr(*method)?, (), None)?,
            Some(Rule::Value(attribute)) => object.getattr(*attribute)?,
            Some(Rule::Item) => numpy_item(object)?,
            Some(Rule::Decimal) => {
                self.decimal(object)?;
                return Ok(Remaining::Encoded(None));
            }
            None if is_dataclass_instance(object)? => return self.dataclass_fields(object),
            None => return Err(Error::NotJson(type_name(object))),
        };
        Ok(Remaining::Encoded(Some(answer)))
    }

    /// A dataclass is an object of its fields.
    fn dataclass_fields(&mut self, object: &Bound<'py, PyAny>) -> Result<Remaining<'py>> {
        let bottom = self.items.len();
        for field in object.py().import("dataclasses")?.call_method1("fields", (object,))?.try_iter()? {
            let name = field?.getattr("name")?;
            let value = object.getattr(name.cast::<PyString>().map_err(PyErr::from)?)?;
            self.items.push((name, value));
        }
        self.items[bottom..].reverse();
        self.out.push(b'{');
        Ok(Remaining::Items(bottom))
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

/// `item()` of a long double returns itself: its nearest float stands in.
fn numpy_item<'py>(scalar: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let item = scalar.call_method0("item")?;
    if item.get_type().is(scalar.get_type()) {
        return Ok(scalar.call_method0("__float__")?);
    }
    Ok(item)
}
