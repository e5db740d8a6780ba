//! The built-in rules: what is written for common objects that JSON does not support.

use pyo3::prelude::*;

use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyType};

use super::durations::timedelta_text;
use super::numpy::{array_contents, scalar_value};
use super::substitute::Substitute;
use crate::cpython::call::{call_user_code, call_user_method, get_user_attribute, str_of};
use crate::cpython::items::{collect_results, items};
use crate::cpython::lookup::get_or_import;
use crate::error::Result;
use crate::sync::once::SetOnce;

/// A rule for the instances of a class.
#[derive(Clone, Copy, PartialEq)]
pub enum Rule {
    /// A `datetime`: the string that `isoformat()` returns.
    Moment,
    /// A date or a time of day: the string that `isoformat()` returns.
    IsoFormat,
    /// A `timedelta`: an ISO 8601 duration.
    Duration,
    /// The string that `str()` returns.
    Text,
    /// A path: the string that `__fspath__()` returns.
    Path,
    /// A number, by its own digits.
    Decimal,
    /// An enum member: its value.
    Enum,
    /// A value that is missing: null.
    Missing,
    /// A set: an array.
    Elements,
    /// Bytes, which have more than one usual form as text: refused.
    Bytes,
    /// A numpy scalar.
    NumpyScalar,
    /// A numpy array.
    NumpyArray,
    /// A pydantic model.
    Model,
}

/// The rules, by a class's top-level package and name. If the package was never imported there is no such object, so none is imported
/// here.
const RULES: [(&str, &str, Rule); 28] = [
    ("datetime", "datetime", Rule::Moment),
    ("datetime", "date", Rule::IsoFormat),
    ("datetime", "time", Rule::IsoFormat),
    ("datetime", "timedelta", Rule::Duration),
    ("uuid", "UUID", Rule::Text),
    ("decimal", "Decimal", Rule::Decimal),
    ("enum", "Enum", Rule::Enum),
    ("pathlib", "PurePath", Rule::Path),
    ("ipaddress", "IPv4Address", Rule::Text),
    ("ipaddress", "IPv6Address", Rule::Text),
    ("ipaddress", "IPv4Network", Rule::Text),
    ("ipaddress", "IPv6Network", Rule::Text),
    ("collections", "UserString", Rule::Text),
    ("builtins", "set", Rule::Elements),
    ("builtins", "frozenset", Rule::Elements),
    ("builtins", "bytes", Rule::Bytes),
    ("builtins", "bytearray", Rule::Bytes),
    ("builtins", "memoryview", Rule::Bytes),
    ("mmap", "mmap", Rule::Bytes),
    ("pandas", "NaTType", Rule::Missing),
    ("pandas", "NAType", Rule::Missing),
    ("numpy", "generic", Rule::NumpyScalar),
    ("numpy", "ndarray", Rule::NumpyArray),
    ("pydantic", "BaseModel", Rule::Model),
    ("pydantic", "_BaseUrl", Rule::Text),
    ("pydantic", "_BaseMultiHostUrl", Rule::Text),
    ("pydantic_core", "Url", Rule::Text),
    ("pydantic_core", "MultiHostUrl", Rule::Text),
];

/// Returns the rule for an object: that of the first of its classes that has one.
pub fn rule_of(object: &Bound<'_, PyAny>) -> Result<Option<Rule>> {
    find_by_class(object, &RULES)
}

/// Returns the entry of the first class of an object that is in a table of top-level packages and names.
pub(super) fn find_by_class<T: Copy>(object: &Bound<'_, PyAny>, table: &[(&str, &str, T)]) -> Result<Option<T>> {
    for class in object.get_type().mro() {
        let class = class.cast::<PyType>().map_err(PyErr::from)?;
        let Ok(name) = class.qualname() else { continue };
        // The module is read only if the name fits, which hardly any does.
        let mut named = table.iter().filter(|(_, known, _)| name == *known).peekable();
        if named.peek().is_none() {
            continue;
        }
        let Ok(module) = class.module() else { continue };
        let module = module.to_cow()?;
        let package = module.split('.').next().unwrap_or_default();
        if let Some((.., entry)) = named.find(|(of, ..)| package == *of) {
            return Ok(Some(*entry));
        }
    }
    Ok(None)
}

/// Returns what is written for an object that JSON does not support, or `None` if there is no rule for it.
pub fn substitute<'py>(object: &Bound<'py, PyAny>) -> Result<Option<Substitute<'py>>> {
    let py = object.py();
    let substitute = match rule_of(object)? {
        Some(Rule::Moment | Rule::IsoFormat) => {
            call_user_method(object, crate::sync::once::intern!(py, "isoformat"), ())?
        }
        Some(Rule::Duration) => PyString::new(py, &timedelta_text(object)?).into_any(),
        Some(Rule::Text) => str_of(object)?.into_any(),
        Some(Rule::Path) => call_user_method(object, crate::sync::once::intern!(py, "__fspath__"), ())?,
        Some(Rule::Enum) => get_user_attribute(object, crate::sync::once::intern!(py, "value"))?,
        Some(Rule::Missing) => py.None().into_bound(py),
        Some(Rule::Model) => return model_fields(object).map(Some),
        Some(Rule::Decimal) => return decimal(object).map(Some),
        Some(Rule::Elements) => return Substitute::elements_of(object).map(Some),
        Some(Rule::NumpyScalar) => return scalar_value(object).map(Some),
        Some(Rule::NumpyArray) => return array_contents(object).map(Some),
        Some(Rule::Bytes) => return Ok(None),
        None => return by_structure(object),
    };
    Ok(Some(Substitute::Object(substitute)))
}

/// Returns the value of an enum member, or `None` for anything else. Enums have a metaclass, which most classes have not.
pub fn enum_value<'py>(object: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>> {
    if object.get_type().is_exact_instance_of::<PyType>() || rule_of(object)? != Some(Rule::Enum) {
        return Ok(None);
    }
    let value = get_user_attribute(object, crate::sync::once::intern!(object.py(), "value"))?;
    // A member whose value is a member, without end, must not exhaust the stack.
    Ok(Some(value).filter(|value| !value.get_type().is(object.get_type())))
}

/// Dataclasses, attrs classes, mappings, and collections.
fn by_structure<'py>(object: &Bound<'py, PyAny>) -> Result<Option<Substitute<'py>>> {
    let (py, class) = (object.py(), object.get_type());
    if class.hasattr(crate::sync::once::intern!(py, "__dataclass_fields__"))? {
        let fields = py.import("dataclasses")?.call_method1("fields", (object,))?;
        return attributes(object, &fields).map(Some);
    }
    if let Some(fields) = class.getattr_opt(crate::sync::once::intern!(py, "__attrs_attrs__"))? {
        return attributes(object, &fields).map(Some);
    }
    if is_subclass(&class, "Mapping")? {
        // A list is made of the items at once, as of those of a subclass of dict.
        let items = call_user_method(object, crate::sync::once::intern!(py, "items"), ())?;
        let items = call_user_code(&py.get_type::<PyList>(), (items,), None)?;
        let items = collect_results(items.try_iter()?.map(|item| item?.extract()))?;
        return Ok(Some(Substitute::Fields(items)));
    }
    for kind in ["Sequence", "Set", "ValuesView"] {
        if is_subclass(&class, kind)? {
            return Substitute::elements_of(object).map(Some);
        }
    }
    Ok(None)
}

/// Returns the attributes that `fields` names.
fn attributes<'py>(object: &Bound<'py, PyAny>, fields: &Bound<'py, PyAny>) -> Result<Substitute<'py>> {
    let items = fields.try_iter()?.map(|field| {
        let name = field?.getattr("name")?;
        let value = get_user_attribute(object, name.cast::<PyString>()?)?;
        Ok((name, value))
    });
    Ok(Substitute::Fields(collect_results(items)?))
}

/// Returns true if a class has an interface of `collections.abc`. The class is asked, and not the object, whose `__class__` may be
/// a property.
fn is_subclass(class: &Bound<'_, PyType>, interface: &str) -> Result<bool> {
    static ISSUBCLASS: SetOnce<Py<PyAny>> = SetOnce::new();
    let py = class.py();
    let issubclass = get_or_import(&ISSUBCLASS, py, || py.import("builtins")?.getattr("issubclass"))?;
    let interface = py.import("collections.abc")?.getattr(interface)?;
    Ok(call_user_code(issubclass, (class, interface), None)?.is_truthy()?)
}

/// Returns the fields of a pydantic model as its own serialisers write them: what `model_dump_json` writes, and its JSON Schema describes.
/// If one of the values is unknown to pydantic, and for models of version 1, the values are returned as they are.
fn model_fields<'py>(model: &Bound<'py, PyAny>) -> Result<Substitute<'py>> {
    let py = model.py();
    let dumped = if model.get_type().hasattr(crate::sync::once::intern!(py, "model_dump"))? {
        let options = PyDict::new(py);
        options.set_item("mode", "json")?;
        match call_user_code(&model.getattr("model_dump")?, (), Some(&options)) {
            Err(error) if error.get_type(py).name()? == "PydanticSerializationError" => {
                call_user_method(model, crate::sync::once::intern!(py, "model_dump"), ())?
            }
            dumped => dumped?,
        }
    } else {
        call_user_method(model, crate::sync::once::intern!(py, "dict"), ())?
    };
    Ok(match dumped.cast_exact::<PyDict>() {
        Ok(fields) => Substitute::Fields(items(fields)?),
        Err(_) => Substitute::Object(dumped),
    })
}

/// Returns the digits of a `Decimal`, whatever `__str__` of a subclass returns, or the float of one that is not finite.
fn decimal<'py>(number: &Bound<'py, PyAny>) -> Result<Substitute<'py>> {
    let py = number.py();
    if !call_user_method(number, crate::sync::once::intern!(py, "is_finite"), ())?.is_truthy()? {
        return Ok(Substitute::Object(PyFloat::new(py, f64::NAN).into_any()));
    }
    let class = py.import("decimal")?.getattr("Decimal")?;
    let digits = class.call_method1("__str__", (number,))?;
    Ok(Substitute::Digits(digits.cast_into().map_err(PyErr::from)?))
}

/// Returns a number that `json.dumps` can write: an int if the digits have neither a point nor an exponent, or else the nearest float.
pub(super) fn nearest_number<'py>(py: Python<'py>, digits: &str) -> Result<Bound<'py, PyAny>> {
    let is_whole = digits.bytes().all(|digit| digit.is_ascii_digit() || digit == b'-');
    if is_whole {
        return Ok(py.get_type::<PyInt>().call1((digits,))?);
    }
    let number = digits.parse::<f64>().ok().filter(|number| number.is_finite());
    Ok(number.into_pyobject(py).map_err(PyErr::from)?)
}
