//! The state of an event, and the snapshot of it that is encoded.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::given_id::given_id;
use super::kinds::{Kind, MAX_FIELDS, Shape};
use crate::cpython::call::get_optional_user_attribute;
use crate::cpython::deep_drop::drop_owned;
use crate::error::Result;
use crate::overrides::is_native_property;

/// A value that may be missing.
pub type Slot = Option<Py<PyAny>>;

/// The values of an event's parameters.
pub type Values<'py> = [Option<Bound<'py, PyAny>>; MAX_FIELDS];

/// The parameters that all events have.
#[derive(Clone)]
pub struct Common<'py> {
    /// The subject of this event only.
    pub event_subject: Option<Bound<'py, PyAny>>,
    /// The contexts: the caller's own list, not a copy.
    pub context: Option<Bound<'py, PyAny>>,
    /// When it happened, in milliseconds.
    pub true_timestamp: Option<Bound<'py, PyAny>>,
    /// Its id, a UUID, if the program gives it one.
    pub event_id: Option<Bound<'py, PyAny>>,
}

/// The state of an event.
pub struct State {
    pub(super) kind: &'static Kind,
    pub(super) constructed: bool,
    pub(super) values: [Slot; MAX_FIELDS],
    pub(super) event_subject: Option<Py<PyAny>>,
    pub(super) context: Option<Py<PyAny>>,
    pub(super) true_timestamp: Option<Py<PyAny>>,
    /// The text of a UUID.
    pub(super) event_id: Option<Py<PyAny>>,
    /// A `Payload`, created when a program first reads the attribute. From then on it contains the fields of a flat event.
    pub(super) payload: Option<Py<PyAny>>,
    /// A dict, created when a program first reads the attribute. From then on it contains the data of a screen view.
    pub(super) properties: Option<Py<PyDict>>,
}

impl State {
    /// Creates the state before `__init__` has run.
    pub const fn unset(kind: &'static Kind) -> Self {
        Self {
            kind,
            constructed: false,
            values: [const { None }; MAX_FIELDS],
            event_subject: None,
            context: None,
            true_timestamp: None,
            event_id: None,
            payload: None,
            properties: None,
        }
    }

    /// Checks the parameters, and creates the state with them.
    pub fn of(kind: &'static Kind, values: &Values<'_>, common: &Common<'_>) -> Result<Self> {
        let mut state = Self::unset(kind);
        let Common { event_subject, context, true_timestamp, event_id } = common;
        state.set(values.iter().map(Option::as_ref), [event_subject, context, true_timestamp].map(Option::as_ref))?;
        state.event_id = event_id.as_ref().map(given_id).transpose()?;
        Ok(state)
    }

    /// Checks the parameters, and sets them in a state that has none: the kind's own values, and subject, contexts and true timestamp.
    #[inline(always)]
    pub fn set<'a, 'py: 'a>(
        &mut self,
        values: impl Iterator<Item = Option<&'a Bound<'py, PyAny>>>,
        common: [Option<&'a Bound<'py, PyAny>>; 3],
    ) -> Result<()> {
        let kind = self.kind;
        for ((field, place), value) in kind.fields.iter().zip(&mut self.values).zip(values) {
            field.check(value)?;
            *place = value.filter(|value| !kind.omits(value)).map(owned);
        }
        let [event_subject, context, true_timestamp] = common.map(|value| value.map(owned));
        (self.event_subject, self.context, self.true_timestamp) = (event_subject, context, true_timestamp);
        self.constructed = true;
        Ok(())
    }

    /// Drops all objects, of an event that is going away.
    pub fn drop_owned(&mut self) {
        for value in &mut self.values {
            drop_owned(value);
        }
        for value in [&mut self.event_subject, &mut self.context, &mut self.true_timestamp, &mut self.payload] {
            drop_owned(value);
        }
        drop_owned(&mut self.properties);
        drop_owned(&mut self.event_id);
    }

    /// Visits all objects, for the garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        for value in &self.values {
            visit.call(value)?;
        }
        for value in [&self.event_subject, &self.context, &self.true_timestamp, &self.payload] {
            visit.call(value)?;
        }
        visit.call(&self.event_id)?;
        visit.call(&self.properties)
    }
}

fn owned(object: &Bound<'_, PyAny>) -> Py<PyAny> {
    object.clone().unbind()
}

/// Returns a new reference to the object in a field.
#[expect(clippy::ref_option, reason = "the fields are options, and are borrowed from a cell")]
pub fn bound<'py, T>(field: &Option<Py<T>>, py: Python<'py>) -> Option<Bound<'py, T>> {
    field.as_ref().map(|object| object.bind(py).clone())
}

/// A copy of an event's state: user code may change the event while it is encoded.
pub struct Snapshot<'py> {
    /// The kind of the event.
    pub kind: &'static Kind,
    /// The values of its parameters.
    pub values: Values<'py>,
    /// The fields of its payload, if a program has read that.
    pub payload: Option<Bound<'py, PyDict>>,
    /// The dict of a screen view, if a program has read that.
    pub properties: Option<Bound<'py, PyDict>>,
    /// The subject of this event only.
    pub event_subject: Option<Bound<'py, PyAny>>,
    /// Its contexts.
    pub contexts: Vec<Bound<'py, PyAny>>,
    /// When it happened.
    pub true_timestamp: Option<Bound<'py, PyAny>>,
    /// Its id, if the program gave it one.
    pub event_id: Option<Bound<'py, PyAny>>,
}

impl<'py> Snapshot<'py> {
    /// Reads values through properties that a subclass overrides.
    pub(super) fn read_own_properties(
        &mut self,
        event: &Bound<'py, PyAny>,
        context: &mut Option<Bound<'py, PyAny>>,
        payload: &mut Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let read = |name| get_optional_user_attribute(event, name);
        self.event_subject = read("event_subject")?;
        self.true_timestamp = read("true_timestamp")?;
        *context = read("context")?;
        match self.kind.shape {
            Shape::SelfDescribing => self.values[0] = read("event_json")?,
            Shape::ScreenView => self.properties = Some(event.getattr("screen_view_properties")?.cast_into()?),
            Shape::Flat => {}
        }
        if !is_native_property(&event.get_type(), "payload")? {
            *payload = read("payload")?;
        }
        Ok(())
    }
}
