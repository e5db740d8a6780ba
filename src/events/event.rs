//! The class `Event`, the base of all kinds, which contains their state. Programs subclass it.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::given_id::given_id;
use super::kinds::{CUSTOM, Kind, MAX_FIELDS, Shape};
use super::pickling::{Pickled, pickled, restored};
use super::state::{Common, Snapshot, State, Values, bound};
use crate::cpython::instance::{AddedAttributes, added_attributes, reduce, restore_attributes};
use crate::cpython::items::collect_results;
use crate::cpython::lookup::{nv_pairs, payload_class};
use crate::error::{Error, Result, type_name};
use crate::overrides::{is_native_property, originals};
use crate::panics;
use crate::sync::gil_cell::GilCell;

/// The parameters that every kind has, after its own. `event_id` follows, by keyword only, and is no property that a subclass replaces:
/// programs have properties of that name of their own.
pub const COMMON_PARAMETERS: [&str; 3] = ["event_subject", "context", "true_timestamp"];

/// The base class of all events: any fields, subject, contexts and true timestamp.
///
/// Args:
///     dict_: Fields by their names in the tracker protocol, copied. Default None.
///     event_subject: The subject of this event. Its fields take precedence over those of the
///         tracker's subject.
///     context: Self-describing JSONs that describe the context of the event.
///     true_timestamp: When it happened, in milliseconds since 1970, or as a datetime with a time
///         zone. A float is truncated.
///     event_id: The event's id, a `uuid.UUID` or the text of one. The pipeline recognises an event
///         that is sent twice by it. By keyword only. Default None: `track` creates an id.
///
/// Raises:
///     ValueError: `event_id` is no UUID.
#[allow(clippy::doc_markdown, reason = "Python shows it: names are as in other docstrings")]
#[pyclass(subclass, frozen, dict, weakref, module = "snowplow_tracker.events.event")]
pub struct Event {
    state: GilCell<State>,
}

impl Event {
    /// Creates an event with this state.
    pub const fn of(state: State) -> Self {
        Self { state: GilCell::new(state) }
    }

    /// Calls `work` with the state. It must run no Python code.
    #[inline]
    pub(super) fn with<R>(slf: &Bound<'_, Self>, work: impl FnOnce(&mut State) -> R) -> R {
        slf.get().state.with(slf.py(), work)
    }

    /// Returns the state of an event that nobody else can reach.
    #[cfg(not(feature = "abi3"))]
    pub(super) fn state_mut(&mut self) -> &mut State {
        self.state.get_mut()
    }

    /// Replaces a part of the state. The old value is dropped after the state is released: its finaliser may read this event.
    fn replace<T>(slf: &Bound<'_, Self>, part: impl FnOnce(&mut State) -> &mut T, value: T) {
        drop(Self::with(slf, |state| std::mem::replace(part(state), value)));
    }

    /// Sets a part of the state unless it is set, and returns it: another thread, or a finaliser, may have set it meanwhile.
    fn fill<'py, T>(
        slf: &Bound<'py, Self>,
        part: impl FnOnce(&mut State) -> &mut Option<Py<T>>,
        value: Py<T>,
    ) -> Bound<'py, T> {
        let py = slf.py();
        let (filled, unused) = Self::with(slf, |state| match part(state) {
            Some(first) => (first.bind(py).clone(), Some(value)),
            unset => (unset.insert(value).bind(py).clone(), None),
        });
        drop(unused);
        filled
    }

    fn kind(slf: &Bound<'_, Self>) -> &'static Kind {
        Self::with(slf, |state| state.kind)
    }

    /// Implements `__init__` of every kind: checks the parameters and stores them, or sets the properties that a subclass defines in their
    /// place.
    pub fn construct(slf: &Bound<'_, Self>, kind: &'static Kind, values: Values<'_>, common: Common<'_>) -> Result<()> {
        let is_overridden = !Self::properties_are_original(slf)?;
        Self::replace(slf, |state| state, State::of(kind, &values, &common)?);
        if is_overridden {
            panics::catch(|| Self::set_own_properties(slf, kind, values, common))?;
        }
        Ok(())
    }

    /// Sets the properties that a subclass defines in the place of native ones.
    fn set_own_properties(
        slf: &Bound<'_, Self>,
        kind: &'static Kind,
        values: Values<'_>,
        common: Common<'_>,
    ) -> PyResult<()> {
        let own = kind.fields.iter().map(|field| field.name).zip(values);
        let common = [common.event_subject, common.context, common.true_timestamp];
        for (name, value) in own.chain(COMMON_PARAMETERS.into_iter().zip(common)) {
            if !is_native_property(&slf.get_type(), name)? {
                slf.setattr(name, value)?;
            }
        }
        Ok(())
    }

    /// Returns true if no subclass overrides a property.
    fn properties_are_original(slf: &Bound<'_, Self>) -> PyResult<bool> {
        originals(slf.py())?.properties_are_original(&slf.get_type(), || Self::properties(slf))
    }

    /// Returns the names of the properties that a subclass may override.
    fn properties(slf: &Bound<'_, Self>) -> impl Iterator<Item = &'static str> {
        let kind = Self::kind(slf);
        let view = (kind.shape == Shape::ScreenView).then_some("screen_view_properties");
        kind.fields.iter().map(|field| field.name).chain(COMMON_PARAMETERS).chain(["payload"]).chain(view)
    }

    /// Returns the value of a parameter.
    pub fn value<'py>(slf: &Bound<'py, Self>, index: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(field) = Self::kind(slf).fields.get(index) else { return Ok(None) };
        match Self::exposed_dict(slf)? {
            Some(fields) => fields.get_item(field.key.python(slf.py())),
            None => Ok(Self::with(slf, |state| bound(&state.values[index], slf.py()))),
        }
    }

    /// Checks and sets a parameter. None and "" leave the value unchanged, as `Payload.add` does.
    pub fn set_value(slf: &Bound<'_, Self>, index: usize, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let kind = Self::kind(slf);
        let Some(field) = kind.fields.get(index) else { return Ok(()) };
        field.check(Some(value))?;
        if kind.omits(value) {
            return Ok(());
        }
        match Self::exposed_dict(slf)? {
            Some(fields) => fields.set_item(field.key.python(slf.py()), value)?,
            None => Self::replace(slf, |state| &mut state.values[index], Some(value.clone().unbind())),
        }
        Ok(())
    }

    /// Returns the dict that contains the parameters, if a program has read it.
    fn exposed_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let py = slf.py();
        match Self::kind(slf).shape {
            Shape::SelfDescribing => Ok(None),
            Shape::ScreenView => Ok(Self::with(slf, |state| bound(&state.properties, py))),
            Shape::Flat => match Self::with(slf, |state| bound(&state.payload, py)) {
                Some(payload) => nv_pairs(&payload).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Returns the parameters that are set, by their names in the payload or the data.
    fn values_as_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let dict = PyDict::new(py);
        for (index, field) in Self::kind(slf).fields.iter().enumerate() {
            if let Some(value) = Self::with(slf, |state| bound(&state.values[index], py)) {
                dict.set_item(field.key.python(py), value)?;
            }
        }
        Ok(dict)
    }

    /// Returns the dict of a screen view, which is created at the first call.
    pub fn screen_view_properties<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        if let Some(dict) = Self::with(slf, |state| bound(&state.properties, slf.py())) {
            return Ok(dict);
        }
        let dict = Self::values_as_dict(slf)?.unbind();
        Ok(Self::fill(slf, |state| &mut state.properties, dict))
    }

    /// Replaces the dict of a screen view.
    pub fn set_screen_view_properties(slf: &Bound<'_, Self>, properties: Bound<'_, PyDict>) {
        Self::replace(slf, |state| &mut state.properties, Some(properties.unbind()));
    }

    /// Returns a copy of the state for encoding.
    pub fn snapshot<'py>(slf: &Bound<'py, Self>) -> Result<Snapshot<'py>> {
        let py = slf.py();
        let (is_constructed, mut snapshot, mut context, mut payload) = Self::with(slf, |state| {
            let snapshot = Snapshot {
                kind: state.kind,
                values: std::array::from_fn(|index| bound(&state.values[index], py)),
                payload: None,
                properties: bound(&state.properties, py),
                event_subject: bound(&state.event_subject, py),
                contexts: Vec::new(),
                true_timestamp: bound(&state.true_timestamp, py),
                event_id: bound(&state.event_id, py),
            };
            (state.constructed, snapshot, bound(&state.context, py), bound(&state.payload, py))
        });
        if !is_constructed {
            return Err(Error::NotConstructed(type_name(slf)));
        }
        if !Self::properties_are_original(slf)? {
            snapshot.read_own_properties(slf, &mut context, &mut payload)?;
        }
        if let Some(context) = context
            && context.is_truthy()?
        {
            context.len()?;
            snapshot.contexts = collect_results(context.try_iter()?)?;
        }
        if let Some(payload) = payload {
            snapshot.payload = Some(nv_pairs(&payload)?);
        }
        Ok(snapshot)
    }
}

/// Events may form long chains, by their subjects or contexts.
impl Drop for Event {
    fn drop(&mut self) {
        self.state.get_mut().drop_owned();
    }
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(dict_=None, event_subject=None, context=None, true_timestamp=None, *, event_id=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::of(State::unset(&CUSTOM))
    }

    #[pyo3(signature = (dict_=None, event_subject=None, context=None, true_timestamp=None, *, event_id=None))]
    fn __init__<'py>(
        slf: &Bound<'py, Self>,
        dict_: Option<Bound<'py, PyAny>>,
        event_subject: Option<Bound<'py, PyAny>>,
        context: Option<Bound<'py, PyAny>>,
        true_timestamp: Option<Bound<'py, PyAny>>,
        event_id: Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let common = Common { event_subject, context, true_timestamp, event_id };
        Self::construct(slf, &CUSTOM, [const { None }; MAX_FIELDS], common)?;
        if let Some(fields) = dict_ {
            let payload = payload_class(slf.py())?.call1((fields,))?;
            Self::replace(slf, |state| &mut state.payload, Some(payload.unbind()));
        }
        Ok(())
    }

    // `install_signature` makes this `__init__`.
    /// Creates an event. The class describes the parameters.
    #[pyo3(signature = (dict_=None, event_subject=None, context=None, true_timestamp=None, *, event_id=None))]
    fn __construct__<'py>(
        slf: &Bound<'py, Self>,
        dict_: Option<Bound<'py, PyAny>>,
        event_subject: Option<Bound<'py, PyAny>>,
        context: Option<Bound<'py, PyAny>>,
        true_timestamp: Option<Bound<'py, PyAny>>,
        event_id: Option<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        Self::__init__(slf, dict_, event_subject, context, true_timestamp, event_id)
    }

    #[getter]
    fn payload<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(payload) = Self::with(slf, |state| bound(&state.payload, py)) {
            return Ok(payload);
        }
        let kind = Self::kind(slf);
        let fields = PyDict::new(py);
        if let Some(event_type) = kind.event_type {
            fields.set_item("e", event_type.python(py))?;
        }
        if kind.shape == Shape::Flat {
            fields.update(Self::values_as_dict(slf)?.as_mapping())?;
        }
        let payload = payload_class(py)?.call1((fields,))?.unbind();
        Ok(Self::fill(slf, |state| &mut state.payload, payload))
    }

    #[setter]
    fn set_payload(slf: &Bound<'_, Self>, payload: Bound<'_, PyAny>) {
        Self::replace(slf, |state| &mut state.payload, Some(payload.unbind()));
    }

    #[getter]
    fn event_subject<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::with(slf, |state| bound(&state.event_subject, slf.py()))
    }

    #[setter]
    fn set_event_subject(slf: &Bound<'_, Self>, subject: Option<Bound<'_, PyAny>>) {
        Self::replace(slf, |state| &mut state.event_subject, subject.map(Bound::unbind));
    }

    /// Never None: programs append to it.
    #[getter]
    fn context<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyAny> {
        let py = slf.py();
        if let Some(context) = Self::with(slf, |state| bound(&state.context, py)) {
            return context;
        }
        let context = PyList::empty(py).into_any().unbind();
        Self::fill(slf, |state| &mut state.context, context)
    }

    #[setter]
    fn set_context(slf: &Bound<'_, Self>, context: Option<Bound<'_, PyAny>>) {
        Self::replace(slf, |state| &mut state.context, context.map(Bound::unbind));
    }

    #[getter]
    fn true_timestamp<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::with(slf, |state| bound(&state.true_timestamp, slf.py()))
    }

    #[setter]
    fn set_true_timestamp(slf: &Bound<'_, Self>, timestamp: Option<Bound<'_, PyAny>>) {
        Self::replace(slf, |state| &mut state.true_timestamp, timestamp.map(Bound::unbind));
    }

    #[getter]
    fn event_id<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::with(slf, |state| bound(&state.event_id, slf.py()))
    }

    #[setter]
    fn set_event_id(slf: &Bound<'_, Self>, event_id: Option<Bound<'_, PyAny>>) -> PyResult<()> {
        let event_id = event_id.map(|id| panics::catch(|| Ok(given_id(&id)?))).transpose()?;
        Self::replace(slf, |state| &mut state.event_id, event_id);
        Ok(())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        panics::catch(|| {
            let fields = Self::kind(slf).fields;
            let mut shown = Vec::new();
            for (index, field) in fields.iter().enumerate() {
                if let Some(value) = Self::value(slf, index)? {
                    shown.push(format!("{}={}", field.name, value.repr()?));
                }
            }
            if fields.is_empty() {
                shown.push(nv_pairs(&Self::payload(slf)?)?.repr()?.to_string());
            }
            Ok(format!("{}({})", type_name(slf), shown.join(", ")))
        })
    }

    /// Returns the added attributes and the native state, for pickle and copy.
    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let added = added_attributes(slf)?;
        let (constructed, values, common, payload, properties) = Self::with(slf, |state| pickled(state, slf.py()));
        (added, constructed, values, common, payload, properties).into_pyobject(slf.py())
    }

    fn __setstate__<'py>(slf: &Bound<'py, Self>, state: Bound<'py, PyTuple>) -> PyResult<()> {
        let added: AddedAttributes<'py> = state.get_item(0)?.extract()?;
        let native: Pickled<'py> = state.get_slice(1, state.len()).extract()?;
        restore_attributes(slf, &added)?;
        Self::replace(slf, |state| state, restored(Self::kind(slf), native));
        Ok(())
    }

    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: u8) -> PyResult<Bound<'py, PyAny>> {
        reduce(slf, protocol)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        self.state.visit(|state| state.traverse(&visit)).unwrap_or(Ok(()))
    }

    fn __clear__(&self) {
        let emptied = |state: &mut State| {
            let emptied = State { constructed: state.constructed, ..State::unset(state.kind) };
            std::mem::replace(state, emptied)
        };
        drop(self.state.visit(emptied));
    }
}
