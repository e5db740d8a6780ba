//! The class `SelfDescribingJson`: data with the schema that describes it.

#[cfg(not(feature = "abi3"))]
use crate::sync::once::SetOnce;
use pyo3::exceptions::PyAttributeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

#[cfg(not(feature = "abi3"))]
use super::native_class::{Arguments, CallSignature, Vectorcall};
use super::state::bound;
use crate::contracts;
use crate::cpython::call::call_user_code;
use crate::cpython::deep_drop::drop_owned;
use crate::cpython::instance::{AddedAttributes, added_attributes, reduce, restore_attributes};
use crate::error::{Error, Result, type_name};
use crate::json::python::json_bytes;
use crate::json::writer::Writer;
use crate::overrides::originals;
use crate::panics;
use crate::sync::gil_cell::GilCell;

/// The parameters of the constructor, both required.
#[cfg(not(feature = "abi3"))]
pub const PARAMETERS: [&str; 2] = ["schema", "data"];

/// Data with the Iglu URI of the schema that describes it.
///
/// The data is not copied before an event is tracked.
///
/// Args:
///     schema: Iglu URI, `iglu:vendor/name/format/M-R-A`.
///     data: The data that the schema describes.
///
/// Raises:
///     ValueError: `schema` is None, empty or not a string.
#[allow(clippy::doc_markdown, reason = "Python shows it: names are as in other docstrings")]
#[pyclass(subclass, frozen, dict, weakref, module = "snowplow_tracker.self_describing_json")]
pub struct SelfDescribingJson {
    state: GilCell<State>,
}

/// Both are None until `__init__` has run.
#[derive(Default)]
struct State {
    schema: Option<Py<PyAny>>,
    data: Option<Py<PyAny>>,
}

impl SelfDescribingJson {
    /// Creates one whose `__init__` has not run.
    fn not_constructed() -> Self {
        Self { state: GilCell::new(State::default()) }
    }

    fn get<'py>(slf: &Bound<'py, Self>, part: impl FnOnce(&State) -> &Option<Py<PyAny>>) -> Result<Bound<'py, PyAny>> {
        let value = slf.get().state.with(slf.py(), |state| bound(part(state), slf.py()));
        value.ok_or_else(|| Error::NotConstructed(type_name(slf)))
    }

    /// Calls `work` with schema and data. It must run no Python code.
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    #[inline]
    pub(super) fn with<'py, R>(
        slf: &Bound<'py, Self>,
        work: impl FnOnce(Option<&Bound<'py, PyAny>>, Option<&Bound<'py, PyAny>>) -> R,
    ) -> R {
        let py = slf.py();
        slf.get().state.with(py, |state| {
            work(state.schema.as_ref().map(|schema| schema.bind(py)), state.data.as_ref().map(|data| data.bind(py)))
        })
    }

    /// Replaces a part of the state. The old value is dropped after the state is released: its finaliser may read this object.
    fn replace(
        slf: &Bound<'_, Self>,
        part: impl FnOnce(&mut State) -> &mut Option<Py<PyAny>>,
        value: Bound<'_, PyAny>,
    ) {
        drop(slf.get().state.with(slf.py(), |state| part(state).replace(value.unbind())));
    }
}

/// They may form long chains, by their data.
impl Drop for SelfDescribingJson {
    fn drop(&mut self) {
        let State { schema, data } = self.state.get_mut();
        drop_owned(schema);
        drop_owned(data);
    }
}

#[pymethods]
impl SelfDescribingJson {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(schema, data)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::not_constructed()
    }

    fn __init__(slf: &Bound<'_, Self>, schema: Bound<'_, PyAny>, data: Bound<'_, PyAny>) -> PyResult<()> {
        if !slf.is_exact_instance_of::<Self>() {
            // A subclass may override these properties.
            return panics::catch(|| {
                slf.setattr(crate::sync::once::intern!(slf.py(), "schema"), schema)?;
                slf.setattr(crate::sync::once::intern!(slf.py(), "data"), data)
            });
        }
        Self::set_schema(slf, schema)?;
        Self::set_data(slf, data);
        Ok(())
    }

    // `install_signature` makes this `__init__`.
    /// Creates the object. The class describes the parameters.
    fn __construct__(slf: &Bound<'_, Self>, schema: Bound<'_, PyAny>, data: Bound<'_, PyAny>) -> PyResult<()> {
        Self::__init__(slf, schema, data)
    }

    #[getter]
    fn schema<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::get(slf, |state| &state.schema)?)
    }

    #[setter]
    fn set_schema(slf: &Bound<'_, Self>, schema: Bound<'_, PyAny>) -> PyResult<()> {
        contracts::require_text("schema", Some(&schema))?;
        Self::replace(slf, |state| &mut state.schema, schema);
        Ok(())
    }

    #[getter]
    fn data<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::get(slf, |state| &state.data)?)
    }

    #[setter]
    fn set_data(slf: &Bound<'_, Self>, data: Bound<'_, PyAny>) {
        Self::replace(slf, |state| &mut state.data, data);
    }

    /// Returns a dict of `schema` and `data`, read as attributes, since a subclass may compute them.
    fn to_json<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        panics::catch(|| {
            let json = PyDict::new(slf.py());
            json.set_item("schema", slf.getattr(crate::sync::once::intern!(slf.py(), "schema"))?)?;
            json.set_item("data", slf.getattr(crate::sync::once::intern!(slf.py(), "data"))?)?;
            Ok(json)
        })
    }

    /// Returns the result of `to_json` as JSON text.
    fn to_string<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        panics::catch(|| {
            let json = slf.call_method0(crate::sync::once::intern!(slf.py(), "to_json"))?;
            PyString::from_bytes(slf.py(), &json_bytes(&json, None)?)
        })
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let name = type_name(slf);
        let (Ok(schema), Ok(data)) = (Self::schema(slf), Self::data(slf)) else {
            return Ok(format!("<{name}, not constructed>"));
        };
        panics::catch(|| Ok(format!("{name}(schema={}, data={})", schema.repr()?, data.repr()?)))
    }

    /// Returns the added attributes and the native state, for pickle and copy. An object without a schema was not constructed.
    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let added = added_attributes(slf)?;
        let given = match (Self::schema(slf), Self::data(slf)) {
            (Ok(schema), Ok(data)) => Some((schema, data)),
            _ => None,
        };
        (added, given).into_pyobject(slf.py())
    }

    #[expect(clippy::type_complexity, reason = "the result of __getstate__")]
    fn __setstate__<'py>(
        slf: &Bound<'py, Self>,
        state: (AddedAttributes<'py>, Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>),
    ) -> PyResult<()> {
        let (added, given) = state;
        restore_attributes(slf, &added)?;
        if let Some((schema, data)) = given {
            Self::replace(slf, |state| &mut state.schema, schema);
            Self::replace(slf, |state| &mut state.data, data);
        }
        Ok(())
    }

    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: u8) -> PyResult<Bound<'py, PyAny>> {
        reduce(slf, protocol)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        let visited = self.state.visit(|state| visit.call(&state.schema).and_then(|()| visit.call(&state.data)));
        visited.unwrap_or(Ok(()))
    }

    fn __clear__(&self) {
        drop(self.state.visit(std::mem::take));
    }
}

#[cfg(not(feature = "abi3"))]
impl Vectorcall<2> for SelfDescribingJson {
    fn call_signature() -> &'static SetOnce<CallSignature> {
        static SIGNATURE: SetOnce<CallSignature> = SetOnce::new();
        &SIGNATURE
    }

    type Base = Self;

    #[inline(always)]
    fn unset() -> Self {
        Self::not_constructed()
    }

    #[inline(always)]
    fn set(json: &mut Self, arguments: &Arguments<'_, '_, 2>) -> Result<()> {
        contracts::require_text("schema", arguments[0].as_deref())?;
        let [schema, data] = arguments.map(|value| value.map(|value| value.to_owned().unbind()));
        *json.state.get_mut() = State { schema, data };
        Ok(())
    }

    fn instance(py: Python<'_>, contents: Self) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, contents)
    }

    #[cfg(not(Py_GIL_DISABLED))]
    fn place(instance: &Bound<'_, Self>) -> *const Self {
        instance.get()
    }
}

/// Writes an object as `{"schema": ..., "data": ...}`. A `SelfDescribingJson` is read natively, any other object by its `to_json`.
pub fn write<'py>(writer: &mut Writer<'_, 'py>, parameter: &'static str, object: &Bound<'py, PyAny>) -> Result<()> {
    if let Ok(json) = object.cast_exact::<SelfDescribingJson>()
        && originals(object.py())?.to_json_is_original(json)?
    {
        let (schema, data) = (SelfDescribingJson::schema(json)?, SelfDescribingJson::data(json)?);
        return write_schema_and_data(writer, &schema, &data);
    }
    let py = object.py();
    let to_json = object.getattr(crate::sync::once::intern!(py, "to_json")).map_err(|error| {
        if error.is_instance_of::<PyAttributeError>(py) {
            Error::NotSelfDescribing(parameter, type_name(object))
        } else {
            error.into()
        }
    })?;
    write_envelope(writer, &call_user_code(&to_json, (), None)?)
}

/// Writes the result of `to_json()`. The outer `{schema, data}` dict does not count towards the nesting limit, as on the native path.
fn write_envelope<'py>(writer: &mut Writer<'_, 'py>, json: &Bound<'py, PyAny>) -> Result<()> {
    let py = json.py();
    if let Ok(dict) = json.cast_exact::<PyDict>()
        && dict.len() == 2
        && let Some(schema) = dict.get_item(crate::sync::once::intern!(py, "schema"))?
        && let Some(data) = dict.get_item(crate::sync::once::intern!(py, "data"))?
    {
        return write_schema_and_data(writer, &schema, &data);
    }
    writer.write(json)
}

fn write_schema_and_data<'py>(
    writer: &mut Writer<'_, 'py>,
    schema: &Bound<'py, PyAny>,
    data: &Bound<'py, PyAny>,
) -> Result<()> {
    writer.raw(b"{\"schema\":");
    writer.write(schema).map_err(|error| error.within("schema"))?;
    writer.raw(b",\"data\":");
    writer.write(data).map_err(|error| error.within("data"))?;
    writer.raw(b"}");
    Ok(())
}
