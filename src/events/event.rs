//! Event: the base class that users subclass, and the one place where every kind keeps its parameters.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::kind::{CUSTOM, Kind, MAX_FIELDS, Shape};
use crate::error::{Error, Result, type_name};
use crate::{attributes, hooks, payload, python};

/// The values of an event's parameters, unset ones None.
pub type Values<'py> = [Option<Bound<'py, PyAny>>; MAX_FIELDS];

/// The parameters that every kind has, after its own.
pub const COMMON_PARAMETERS: [&str; 3] = ["event_subject", "context", "true_timestamp"];

/// What any event may carry beside its own parameters.
#[derive(Clone)]
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

    /// An event of this kind with these parameters, which are checked.
    pub fn of(kind: &'static Kind, values: Values<'_>, common: Common<'_>) -> Result<Self> {
        for (field, value) in kind.fields.iter().zip(&values) {
            field.check(value.as_ref())?;
        }
        Ok(Self {
            constructed: true,
            values: values.map(|value| value.filter(|value| !kind.leaves_out(value)).map(Bound::unbind)),
            event_subject: common.event_subject.map(Bound::unbind),
            context: common.context.map(Bound::unbind),
            true_timestamp: common.true_timestamp.map(Bound::unbind),
            ..Self::unset(kind)
        })
    }

    /// What `__init__` does for every kind: checks the parameters and keeps them. Where a subclass has properties of its own in
    /// their place, those are set.
    pub fn construct(slf: &Bound<'_, Self>, kind: &'static Kind, values: Values<'_>, common: Common<'_>) -> Result<()> {
        let given = (!hooks::hooks(slf.py())?.properties_are_ours(slf)?).then(|| (values.clone(), common.clone()));
        Self::replace(slf, |event| event, Self::of(kind, values, common)?);
        if let Some((values, common)) = given {
            let own = kind.fields.iter().map(|field| field.name).zip(values);
            let common = [common.event_subject, common.context, common.true_timestamp];
            for (name, value) in own.chain(COMMON_PARAMETERS.into_iter().zip(common)) {
                if !hooks::is_native_property(&slf.get_type(), name)? {
                    slf.setattr(name, value)?;
                }
            }
        }
        Ok(())
    }

    /// The names of all that a subclass may have a property of its own for.
    pub fn properties(slf: &Bound<'_, Self>) -> impl Iterator<Item = &'static str> {
        let kind = slf.borrow().kind;
        let view = (kind.shape == Shape::ScreenView).then_some("screen_view_properties");
        kind.fields.iter().map(|field| field.name).chain(COMMON_PARAMETERS).chain(["payload"]).chain(view)
    }

    /// Replaces a part. What was there is dropped when nothing is borrowed: its finaliser may look at this event.
    fn replace<T>(slf: &Bound<'_, Self>, part: impl FnOnce(&mut Self) -> &mut T, value: T) {
        let old = std::mem::replace(part(&mut slf.borrow_mut()), value);
        drop(old);
    }

    /// The value of a parameter.
    pub fn value<'py>(slf: &Bound<'py, Self>, index: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(key) = slf.borrow().kind.fields.get(index).map(|field| field.key.python(slf.py())) else {
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
        if slf.borrow().kind.leaves_out(value) {
            return Ok(());
        }
        match Self::opened(slf)? {
            Some(fields) => fields.set_item(field.key.python(slf.py()), value)?,
            None => Self::replace(slf, |event| &mut event.values[index], Some(value.clone().unbind())),
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
                dict.set_item(field.key.python(py), value)?;
            }
        }
        Ok(dict)
    }

    /// The screen view's own dict, made when first asked for.
    pub fn screen_view_properties<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        if let Some(dict) = &slf.borrow().properties {
            return Ok(dict.bind(slf.py()).clone());
        }
        let dict = slf.borrow().values_as_dict(slf.py())?;
        Self::replace(slf, |event| &mut event.properties, Some(dict.clone().unbind()));
        Ok(dict)
    }

    /// Replaces the screen view's own dict.
    pub fn set_screen_view_properties(slf: &Bound<'_, Self>, properties: Bound<'_, PyDict>) {
        Self::replace(slf, |event| &mut event.properties, Some(properties.unbind()));
    }

    /// Everything that tracking needs, as of now: the user may change the event while it is encoded.
    pub fn snapshot<'py>(slf: &Bound<'py, Self>) -> Result<Snapshot<'py>> {
        let py = slf.py();
        let event = slf.borrow();
        if !event.constructed {
            return Err(Error::NotConstructed(type_name(slf)));
        }
        let bind = |value: &Option<Py<PyAny>>| value.as_ref().map(|value| value.bind(py).clone());
        let mut snapshot = Snapshot {
            kind: event.kind,
            values: std::array::from_fn(|index| event.values[index].as_ref().map(|value| value.bind(py).clone())),
            payload: None,
            properties: event.properties.as_ref().map(|dict| dict.bind(py).clone()),
            event_subject: bind(&event.event_subject),
            contexts: Vec::new(),
            true_timestamp: bind(&event.true_timestamp),
        };
        let (mut context, mut payload) = (bind(&event.context), bind(&event.payload));
        drop(event);
        if !hooks::hooks(py)?.properties_are_ours(slf)? {
            snapshot.read_own_properties(slf, &mut context, &mut payload)?;
        }
        if let Some(context) = context
            && context.is_truthy()?
        {
            context.len()?;
            snapshot.contexts = context.try_iter()?.collect::<PyResult<_>>()?;
        }
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
    pub contexts: Vec<Bound<'py, PyAny>>,
    /// When it truly happened.
    pub true_timestamp: Option<Bound<'py, PyAny>>,
}

impl<'py> Snapshot<'py> {
    /// Reads what the event's class has properties of its own for as they show it.
    fn read_own_properties(
        &mut self,
        event: &Bound<'py, Event>,
        context: &mut Option<Bound<'py, PyAny>>,
        payload: &mut Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let read = |name| attributes::read(event, name);
        self.event_subject = read("event_subject")?;
        self.true_timestamp = read("true_timestamp")?;
        *context = read("context")?;
        match self.kind.shape {
            Shape::SelfDescribing => self.values[0] = read("event_json")?,
            Shape::ScreenView => self.properties = Some(event.getattr("screen_view_properties")?.cast_into()?),
            Shape::Flat => {}
        }
        if !hooks::is_native_property(&event.get_type(), "payload")? {
            *payload = read("payload")?;
        }
        Ok(())
    }
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
        Self::construct(slf, &CUSTOM, [const { None }; MAX_FIELDS], common)?;
        if let Some(fields) = dict_ {
            let payload = python::payload_class(slf.py())?.call1((fields,))?;
            Self::replace(slf, |event| &mut event.payload, Some(payload.unbind()));
        }
        Ok(())
    }

    /// The constructor as users see it.
    #[pyo3(signature = (dict_=None, event_subject=None, context=None, true_timestamp=None))]
    fn __construct__<'py>(
        slf: &Bound<'py, Self>,
        dict_: Option<Bound<'py, PyAny>>,
        event_subject: Option<Bound<'py, PyAny>>,
        context: Option<Bound<'py, PyAny>>,
        true_timestamp: Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        Self::__init__(slf, dict_, event_subject, context, true_timestamp)
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
        Self::replace(slf, |event| &mut event.payload, Some(payload.clone().unbind()));
        Ok(payload)
    }

    #[setter]
    fn set_payload(slf: &Bound<'_, Self>, payload: Bound<'_, PyAny>) {
        Self::replace(slf, |event| &mut event.payload, Some(payload.unbind()));
    }

    #[getter]
    fn event_subject<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.event_subject.as_ref().map(|subject| subject.bind(py).clone())
    }

    #[setter]
    fn set_event_subject(slf: &Bound<'_, Self>, subject: Option<Bound<'_, PyAny>>) {
        Self::replace(slf, |event| &mut event.event_subject, subject.map(Bound::unbind));
    }

    /// Programs append to it whether or not one was given.
    #[getter]
    fn context<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyAny> {
        if let Some(context) = &slf.borrow().context {
            return context.bind(slf.py()).clone();
        }
        let context = PyList::empty(slf.py()).into_any();
        slf.borrow_mut().context = Some(context.clone().unbind());
        context
    }

    #[setter]
    fn set_context(slf: &Bound<'_, Self>, context: Option<Bound<'_, PyAny>>) {
        Self::replace(slf, |event| &mut event.context, context.map(Bound::unbind));
    }

    #[getter]
    fn true_timestamp<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.true_timestamp.as_ref().map(|timestamp| timestamp.bind(py).clone())
    }

    #[setter]
    fn set_true_timestamp(slf: &Bound<'_, Self>, timestamp: Option<Bound<'_, PyAny>>) {
        Self::replace(slf, |event| &mut event.true_timestamp, timestamp.map(Bound::unbind));
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
        let added = attributes::added(slf)?;
        let event = slf.borrow();
        let bind = |value: &Option<Py<PyAny>>| value.as_ref().map(|value| value.bind(py).clone());
        let constructed = event.constructed;
        let values: Vec<_> = event.values.iter().map(bind).collect();
        let common = (bind(&event.event_subject), bind(&event.context), bind(&event.true_timestamp));
        let (payload, properties) = (bind(&event.payload), event.properties.as_ref().map(|dict| dict.bind(py).clone()));
        drop(event);
        (added, constructed, values, common, payload, properties).into_pyobject(py)
    }

    #[expect(clippy::type_complexity, reason = "the state that __getstate__ made, taken apart once")]
    fn __setstate__<'py>(
        slf: &Bound<'py, Self>,
        state: (
            attributes::Added<'py>,
            bool,
            Vec<Option<Py<PyAny>>>,
            (Option<Py<PyAny>>, Option<Py<PyAny>>, Option<Py<PyAny>>),
            Option<Py<PyAny>>,
            Option<Py<PyDict>>,
        ),
    ) -> PyResult<()> {
        let (added, constructed, values, common, payload, properties) = state;
        attributes::restore(slf, &added)?;
        let kind = slf.borrow().kind;
        let (event_subject, context, true_timestamp) = common;
        let state =
            Self { constructed, event_subject, context, true_timestamp, payload, properties, ..Self::unset(kind) };
        Self::replace(slf, |event| event, state);
        for (index, value) in values.into_iter().enumerate().take(MAX_FIELDS) {
            Self::replace(slf, |event| &mut event.values[index], value);
        }
        Ok(())
    }

    /// The protocols before the second one have no state.
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: u8) -> PyResult<Bound<'py, PyAny>> {
        attributes::reduce(slf, protocol)
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
        let emptied = Self { constructed: self.constructed, ..Self::unset(self.kind) };
        drop(std::mem::replace(self, emptied));
    }
}
