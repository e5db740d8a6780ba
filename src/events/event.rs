//! Event: the base class that users subclass, and the one place where every kind keeps its parameters.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::kind::{CUSTOM, Kind, MAX_FIELDS, Shape};
use crate::contracts::is_blank;
use crate::error::{Error, Result, type_name};
use crate::{payload, python};

/// The values of an event's parameters, unset ones None.
pub type Values<'py> = [Option<Bound<'py, PyAny>>; MAX_FIELDS];

/// What any event may carry beside its own parameters.
pub struct Common<'py> {
    /// The subject of this event alone.
    pub event_subject: Option<Bound<'py, PyAny>>,
    /// Its contexts, the caller's own list.
    pub context: Option<Bound<'py, PyAny>>,
    /// When it truly happened, in milliseconds.
    pub true_timestamp: Option<Bound<'py, PyAny>>,
}

/// The base of all events: who, in which contexts, when; and, in `payload`, any field of the tracker protocol.
#[pyclass(subclass, dict, weakref, module = "snowplow_tracker.events.event")]
pub struct Event {
    pub(super) kind: &'static Kind,
    constructed: bool,
    values: [Option<Py<PyAny>>; MAX_FIELDS],
    event_subject: Option<Py<PyAny>>,
    context: Option<Py<PyAny>>,
    true_timestamp: Option<Py<PyAny>>,
    /// A `Payload` from the moment that someone looks at it: from then on it holds a flat event's fields.
    payload: Option<Py<PyAny>>,
    /// A screen view's dict from the moment that someone looks at it: from then on it holds the data.
    properties: Option<Py<PyDict>>,
}

impl Event {
    /// An event of this kind before its `__init__` has run.
    pub fn unset(kind: &'static Kind) -> Self {
        Self {
            kind,
            constructed: false,
            values: [const { None }; MAX_FIELDS],
            event_subject: None,
            context: None,
            true_timestamp: None,
            payload: None,
            properties: None,
        }
    }

    /// What `__init__` does for every kind: checks the parameters and keeps them.
    pub fn construct(slf: &Bound<'_, Self>, values: Values<'_>, common: Common<'_>) -> Result<()> {
        let kind = slf.borrow().kind;
        for (field, value) in kind.fields.iter().zip(&values) {
            field.check(value.as_ref())?;
        }
        let mut event = slf.borrow_mut();
        event.values = values.map(|value| value.filter(|value| !is_blank(value)).map(Bound::unbind));
        event.event_subject = common.event_subject.map(Bound::unbind);
        event.context = common.context.map(Bound::unbind);
        event.true_timestamp = common.true_timestamp.map(Bound::unbind);
        event.payload = None;
        event.properties = None;
        event.constructed = true;
        Ok(())
    }

    /// The value of a parameter.
    pub fn value<'py>(slf: &Bound<'py, Self>, index: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(key) = slf.borrow().kind.fields.get(index).map(|field| field.key) else {
            return Ok(None);
        };
        match Self::opened(slf)? {
            Some(fields) => fields.get_item(key),
            None => Ok(slf.borrow().values[index].as_ref().map(|value| value.bind(slf.py()).clone())),
        }
    }

    /// Sets a parameter, checked again. None and "" leave an earlier value, as adding them to a payload does.
    pub fn set_value(slf: &Bound<'_, Self>, index: usize, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(field) = slf.borrow().kind.fields.get(index) else { return Ok(()) };
        field.check(Some(value))?;
        if is_blank(value) {
            return Ok(());
        }
        match Self::opened(slf)? {
            Some(fields) => fields.set_item(field.key, value)?,
            None => slf.borrow_mut().values[index] = Some(value.clone().unbind()),
        }
        Ok(())
    }

    /// The dict that holds its parameters, if someone has looked at it.
    fn opened<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let py = slf.py();
        let event = slf.borrow();
        match event.kind.shape {
            Shape::SelfDescribing => Ok(None),
            Shape::ScreenView => Ok(event.properties.as_ref().map(|dict| dict.bind(py).clone())),
            Shape::Flat => {
                let Some(payload) = event.payload.as_ref().map(|payload| payload.bind(py).clone()) else {
                    return Ok(None);
                };
                drop(event);
                payload::nv_pairs(&payload).map(Some)
            }
        }
    }

    /// The parameters that are set, under their names in the payload or the data.
    fn values_as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (field, value) in self.kind.fields.iter().zip(&self.values) {
            if let Some(value) = value {
                dict.set_item(field.key, value)?;
            }
        }
        Ok(dict)
    }

    /// The screen view's own dict, made when first asked for.
    pub fn screen_view_properties<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let mut event = slf.borrow_mut();
        let dict = match event.properties.take() {
            Some(dict) => dict.into_bound(slf.py()),
            None => event.values_as_dict(slf.py())?,
        };
        event.properties = Some(dict.clone().unbind());
        Ok(dict)
    }

    /// Replaces the screen view's own dict.
    pub fn set_screen_view_properties(slf: &Bound<'_, Self>, properties: Bound<'_, PyDict>) {
        slf.borrow_mut().properties = Some(properties.unbind());
    }

    /// Everything that tracking needs, as of now: the user may change the event while it is encoded.
    pub fn snapshot<'py>(slf: &Bound<'py, Self>) -> Result<Snapshot<'py>> {
        let py = slf.py();
        let event = slf.borrow();
        if !event.constructed {
            return Err(Error::NotConstructed(type_name(slf)));
        }
        let bind = |value: &Option<Py<PyAny>>| value.as_ref().map(|value| value.bind(py).clone());
        let payload = bind(&event.payload);
        let mut snapshot = Snapshot {
            kind: event.kind,
            values: std::array::from_fn(|index| bind(&event.values[index])),
            payload: None,
            properties: event.properties.as_ref().map(|dict| dict.bind(py).clone()),
            event_subject: bind(&event.event_subject),
            context: bind(&event.context),
            true_timestamp: bind(&event.true_timestamp),
        };
        drop(event);
        if let Some(payload) = payload {
            snapshot.payload = Some(payload::nv_pairs(&payload)?);
        }
        Ok(snapshot)
    }
}

/// An event as of one moment.
pub struct Snapshot<'py> {
    /// What kind of event.
    pub kind: &'static Kind,
    /// Its parameters.
    pub values: Values<'py>,
    /// Its payload's fields, if someone has looked at them.
    pub payload: Option<Bound<'py, PyDict>>,
    /// A screen view's own dict, if someone has looked at it.
    pub properties: Option<Bound<'py, PyDict>>,
    /// The subject of this event alone.
    pub event_subject: Option<Bound<'py, PyAny>>,
    /// Its contexts.
    pub context: Option<Bound<'py, PyAny>>,
    /// When it truly happened.
    pub true_timestamp: Option<Bound<'py, PyAny>>,
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(dict_=None, event_subject=None, context=None, true_timestamp=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::unset(&CUSTOM)
    }

    #[pyo3(signature = (dict_=None, event_subject=None, context=None, true_timestamp=None))]
    fn __init__<'py>(
        slf: &Bound<'py, Self>,
        dict_: Option<Bound<'py, PyAny>>,
        event_subject: Option<Bound<'py, PyAny>>,
        context: Option<Bound<'py, PyAny>>,
        true_timestamp: Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let common = Common { event_subject, context, true_timestamp };
        Self::construct(slf, [const { None }; MAX_FIELDS], common)?;
        if let Some(fields) = dict_ {
            let payload = python::payload_class(slf.py())?.call1((fields,))?;
            slf.borrow_mut().payload = Some(payload.unbind());
        }
        Ok(())
    }

    /// A new Payload of this event: its own fields, contexts, true timestamp and subject. The event stays as it is.
    #[pyo3(signature = (encode_base64, json_encoder, subject=None))]
    fn build_payload<'py>(
        slf: &Bound<'py, Self>,
        encode_base64: &Bound<'py, PyAny>,
        json_encoder: Option<Bound<'py, PyAny>>,
        subject: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Ok(payload::build(slf, encode_base64.is_truthy()?, json_encoder, subject)?)
    }

    #[getter]
    fn payload<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(payload) = &slf.borrow().payload {
            return Ok(payload.bind(py).clone());
        }
        let fields = PyDict::new(py);
        if let Some(event_type) = slf.borrow().kind.event_type {
            fields.set_item("e", event_type)?;
        }
        if slf.borrow().kind.shape == Shape::Flat {
            fields.update(slf.borrow().values_as_dict(py)?.as_mapping())?;
        }
        let payload = python::payload_class(py)?.call1((fields,))?;
        slf.borrow_mut().payload = Some(payload.clone().unbind());
        Ok(payload)
    }

    #[setter]
    fn set_payload(&mut self, payload: Bound<'_, PyAny>) {
        self.payload = Some(payload.unbind());
    }

    #[getter]
    fn event_subject<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.event_subject.as_ref().map(|subject| subject.bind(py).clone())
    }

    #[setter]
    fn set_event_subject(&mut self, subject: Option<Bound<'_, PyAny>>) {
        self.event_subject = subject.map(Bound::unbind);
    }

    #[getter]
    fn context<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.context.as_ref().map(|context| context.bind(py).clone())
    }

    #[setter]
    fn set_context(&mut self, context: Option<Bound<'_, PyAny>>) {
        self.context = context.map(Bound::unbind);
    }

    #[getter]
    fn true_timestamp<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.true_timestamp.as_ref().map(|timestamp| timestamp.bind(py).clone())
    }

    #[setter]
    fn set_true_timestamp(&mut self, timestamp: Option<Bound<'_, PyAny>>) {
        self.true_timestamp = timestamp.map(Bound::unbind);
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let fields = slf.borrow().kind.fields;
        let mut shown = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            if let Some(value) = Self::value(slf, index)? {
                shown.push(format!("{}={}", field.name, value.repr()?));
            }
        }
        if fields.is_empty() {
            shown.push(payload::nv_pairs(&Self::payload(slf)?)?.repr()?.to_string());
        }
        Ok(format!("{}({})", type_name(slf), shown.join(", ")))
    }

    /// For pickle and copy: the attributes that the user added, and everything native.
    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let attributes = slf.getattr("__dict__")?;
        let event = slf.borrow();
        let values = PyTuple::new(py, &event.values)?;
        let common = (&event.event_subject, &event.context, &event.true_timestamp);
        (attributes, event.constructed, values, common, &event.payload, &event.properties).into_pyobject(py)
    }

    #[expect(clippy::type_complexity, reason = "the state that __getstate__ made, taken apart once")]
    fn __setstate__<'py>(
        slf: &Bound<'py, Self>,
        state: (
            Bound<'py, PyDict>,
            bool,
            Vec<Option<Py<PyAny>>>,
            (Option<Py<PyAny>>, Option<Py<PyAny>>, Option<Py<PyAny>>),
            Option<Py<PyAny>>,
            Option<Py<PyDict>>,
        ),
    ) -> PyResult<()> {
        let (attributes, constructed, values, common, payload, properties) = state;
        slf.getattr("__dict__")?.call_method1("update", (attributes,))?;
        let mut event = slf.borrow_mut();
        event.constructed = constructed;
        event.values.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
        (event.event_subject, event.context, event.true_timestamp) = common;
        event.payload = payload;
        event.properties = properties;
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        for value in &self.values {
            visit.call(value)?;
        }
        for value in [&self.event_subject, &self.context, &self.true_timestamp, &self.payload] {
            visit.call(value)?;
        }
        visit.call(&self.properties)
    }

    fn __clear__(&mut self) {
        *self = Self { constructed: self.constructed, ..Self::unset(self.kind) };
    }
}
