//! `SelfDescribingJson`: a schema and the data that it describes.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::contracts;
use crate::error::{Error, Result, type_name};
use crate::json::Writer;
use crate::{hooks, python};

/// Data with the Iglu URI of the schema that describes it. It holds the caller's own data until an event is tracked.
#[pyclass(subclass, dict, weakref, module = "snowplow_tracker.self_describing_json")]
pub struct SelfDescribingJson {
    schema: Option<Py<PyAny>>,
    data: Option<Py<PyAny>>,
}

#[pymethods]
impl SelfDescribingJson {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(schema, data)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { schema: None, data: None }
    }

    fn __init__(slf: &Bound<'_, Self>, schema: Bound<'_, PyAny>, data: Bound<'_, PyAny>) -> PyResult<()> {
        contracts::require_text("schema", Some(&schema))?;
        let mut json = slf.borrow_mut();
        json.schema = Some(schema.unbind());
        json.data = Some(data.unbind());
        Ok(())
    }

    #[getter]
    fn schema<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(constructed(slf, slf.borrow().schema.as_ref())?)
    }

    #[setter]
    fn set_schema(&mut self, schema: Bound<'_, PyAny>) -> PyResult<()> {
        contracts::require_text("schema", Some(&schema))?;
        self.schema = Some(schema.unbind());
        Ok(())
    }

    #[getter]
    fn data<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(constructed(slf, slf.borrow().data.as_ref())?)
    }

    #[setter]
    fn set_data(&mut self, data: Bound<'_, PyAny>) {
        self.data = Some(data.unbind());
    }

    /// The dict with the keys `schema` and `data`; attributes that a subclass computes count.
    fn to_json<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let json = PyDict::new(slf.py());
        json.set_item("schema", slf.getattr(pyo3::intern!(slf.py(), "schema"))?)?;
        json.set_item("data", slf.getattr(pyo3::intern!(slf.py(), "data"))?)?;
        Ok(json)
    }

    /// What `to_json` returns, as JSON text.
    fn to_string<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        let json = slf.call_method0(pyo3::intern!(slf.py(), "to_json"))?;
        python::dumps(&json, None)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (schema, data) = (Self::schema(slf)?.repr()?, Self::data(slf)?.repr()?);
        Ok(format!("{}(schema={schema}, data={data})", type_name(slf)))
    }

    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let attributes = slf.getattr("__dict__")?;
        let json = slf.borrow();
        (attributes, &json.schema, &json.data).into_pyobject(slf.py())
    }

    fn __setstate__<'py>(
        slf: &Bound<'py, Self>,
        state: (Bound<'py, PyDict>, Option<Py<PyAny>>, Option<Py<PyAny>>),
    ) -> PyResult<()> {
        let (attributes, schema, data) = state;
        slf.getattr("__dict__")?.call_method1("update", (attributes,))?;
        let mut json = slf.borrow_mut();
        (json.schema, json.data) = (schema, data.or_else(|| Some(slf.py().None())));
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.schema)?;
        visit.call(&self.data)
    }

    fn __clear__(&mut self) {
        (self.schema, self.data) = (None, None);
    }
}

fn constructed<'py>(slf: &Bound<'py, SelfDescribingJson>, field: Option<&Py<PyAny>>) -> Result<Bound<'py, PyAny>> {
    field.map(|field| field.bind(slf.py()).clone()).ok_or_else(|| Error::NotConstructed(type_name(slf)))
}

/// Writes `object` as `{"schema": ..., "data": ...}`. One of our own is read natively; anything else by its `to_json`.
pub fn write<'py>(writer: &mut Writer<'_, 'py>, parameter: &'static str, object: &Bound<'py, PyAny>) -> Result<()> {
    if let Ok(json) = object.cast_exact::<SelfDescribingJson>()
        && hooks::hooks(object.py())?.to_json_is_ours(json)?
    {
        let (schema, data) = (SelfDescribingJson::schema(json)?, SelfDescribingJson::data(json)?);
        writer.raw(b"{\"schema\":");
        writer.write(&schema)?;
        writer.raw(b",\"data\":");
        writer.write(&data)?;
        writer.raw(b"}");
        return Ok(());
    }
    let to_json = object
        .getattr(pyo3::intern!(object.py(), "to_json"))
        .map_err(|_| Error::NotSelfDescribing(parameter, type_name(object)))?;
    writer.write(&to_json.call0()?)
}
