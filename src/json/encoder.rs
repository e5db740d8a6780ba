//! Objects that JSON cannot hold: the user's `json_encoder`, and with none the rules that users expect.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::Writer;
use crate::error::{Error, Result, type_name};

/// What the built-in rules make of an object.
enum Rule {
    /// The text that this method returns.
    Text(&'static str),
    /// A number of any precision, by its own text.
    Decimal,
    /// The value that this attribute holds.
    Value(&'static str),
    /// What this method returns.
    Item(&'static str),
}

/// By the class's module and name: where that module was never imported, no such object exists, and none need be imported here.
const RULES: [(&str, &str, Rule); 7] = [
    ("datetime", "datetime", Rule::Text("isoformat")),
    ("datetime", "date", Rule::Text("isoformat")),
    ("datetime", "time", Rule::Text("isoformat")),
    ("uuid", "UUID", Rule::Text("__str__")),
    ("decimal", "Decimal", Rule::Decimal),
    ("enum", "Enum", Rule::Value("value")),
    ("numpy", "generic", Rule::Item("item")),
];

impl<'py> Writer<'_, 'py> {
    /// Writes what the encoder, or a built-in rule, returns in the object's place. What either raises reaches the caller.
    pub(super) fn encode_and_write(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.guard.enter(object)?;
        match self.json_encoder {
            Some(encoder) => self.write(&encoder.call1((object,))?)?,
            None => self.write_by_rule(object)?,
        }
        self.guard.leave();
        Ok(())
    }

    fn write_by_rule(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        match rule_of(object)? {
            Some(Rule::Text(method) | Rule::Item(method)) => self.write(&object.call_method0(*method)?),
            Some(Rule::Value(attribute)) => self.write(&object.getattr(*attribute)?),
            Some(Rule::Decimal) => self.decimal(object),
            None if is_dataclass_instance(object)? => self.write(&fields_of(object)?),
            None => Err(Error::NotJson(type_name(object))),
        }
    }

    fn decimal(&mut self, number: &Bound<'py, PyAny>) -> Result<()> {
        if number.call_method0("is_finite")?.is_truthy()? {
            self.raw(number.str()?.to_str()?.as_bytes());
        } else {
            self.lossy.non_finite += 1;
            self.raw(b"null");
        }
        Ok(())
    }
}

fn rule_of(object: &Bound<'_, PyAny>) -> Result<Option<&'static Rule>> {
    for class in object.get_type().mro() {
        let class = class.cast::<PyType>().map_err(PyErr::from)?;
        let (module, name) = (class.module()?, class.qualname()?);
        let (module, name) = (module.to_str()?, name.to_str()?);
        if let Some((.., rule)) = RULES.iter().find(|(of, named, _)| (*of, *named) == (module, name)) {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

fn is_dataclass_instance(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.get_type().hasattr("__dataclass_fields__")
}

fn fields_of<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let values = PyDict::new(object.py());
    for field in object.py().import("dataclasses")?.call_method1("fields", (object,))?.try_iter()? {
        let name = field?.getattr("name")?;
        values.set_item(&name, object.getattr(name.cast::<pyo3::types::PyString>().map_err(PyErr::from)?)?)?;
    }
    Ok(values.into_any())
}
