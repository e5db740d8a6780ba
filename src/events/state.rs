//! What an event holds, and what of it is encoded.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::event::Event;
use super::kind::{Kind, MAX_FIELDS, Shape};
use crate::error::Result;
use crate::{attributes, hooks};

/// The values of an event's parameters, unset ones None.
pub type Values<'py> = [Option<Bound<'py, PyAny>>; MAX_FIELDS];

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

/// What an event holds.
pub struct State {
    pub(super) kind: &'static Kind,
    pub(super) constructed: bool,
    pub(super) values: [Option<Py<PyAny>>; MAX_FIELDS],
    pub(super) event_subject: Option<Py<PyAny>>,
    pub(super) context: Option<Py<PyAny>>,
    pub(super) true_timestamp: Option<Py<PyAny>>,
    /// A `Payload` from the moment that someone looks at it: from then on it holds a flat event's fields.
    pub(super) payload: Option<Py<PyAny>>,
    /// A screen view's dict from the moment that someone looks at it: from then on it holds the data.
    pub(super) properties: Option<Py<PyDict>>,
}

impl State {
    /// Before `__init__` has run.
    pub const fn unset(kind: &'static Kind) -> Self {
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

    /// With these parameters, which are checked.
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

    /// Every object that it holds, for the garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        for value in &self.values {
            visit.call(value)?;
        }
        for value in [&self.event_subject, &self.context, &self.true_timestamp, &self.payload] {
            visit.call(value)?;
        }
        visit.call(&self.properties)
    }
}

/// The object that a field holds, as a reference of its own.
#[expect(clippy::ref_option, reason = "fields are an Option of an object, looked at under their guard")]
pub fn bound<'py, T>(field: &Option<Py<T>>, py: Python<'py>) -> Option<Bound<'py, T>> {
    field.as_ref().map(|object| object.bind(py).clone())
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
    pub(super) fn read_own_properties(
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
