//! Event: the base class that users subclass, and the one place where every kind keeps its parameters.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::kind::{CUSTOM, Kind, MAX_FIELDS, Shape};
use super::state::{Common, Snapshot, State, Values, bound};
use crate::error::{Error, Result, type_name};
use crate::guarded::Guarded;
use crate::{attributes, hooks, payload, python};

/// The parameters that every kind has, after its own.
pub const COMMON_PARAMETERS: [&str; 3] = ["event_subject", "context", "true_timestamp"];

/// The base of all events: who, in which contexts, when; and, in `payload`, any field of the tracker protocol.
#[pyclass(subclass, frozen, dict, weakref, module = "snowplow_tracker.events.event")]
pub struct Event {
    state: Guarded<State>,
}

impl Event {
    /// An event that holds this.
    pub const fn of(state: State) -> Self {
        Self { state: Guarded::new(state) }
    }

    /// Looks at what an event holds, without running Python code.
    fn with<R>(slf: &Bound<'_, Self>, work: impl FnOnce(&mut State) -> R) -> R {
        slf.get().state.with(slf.py(), work)
    }

    /// Replaces a part. What was there is dropped when the state is free again: its finaliser may look at this event.
    fn replace<T>(slf: &Bound<'_, Self>, part: impl FnOnce(&mut State) -> &mut T, value: T) {
        drop(Self::with(slf, |state| std::mem::replace(part(state), value)));
    }

    /// Sets a part that is unset, and returns what it holds then: another thread, or a finaliser, may have been first.
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

    /// What `__init__` does for every kind: checks the parameters and keeps them. Where a subclass has properties of its own in
    /// their place, those are set.
    pub fn construct(slf: &Bound<'_, Self>, kind: &'static Kind, values: Values<'_>, common: Common<'_>) -> Result<()> {
        let given = (!hooks::hooks(slf.py())?.properties_are_ours(slf)?).then(|| (values.clone(), common.clone()));
        Self::replace(slf, |state| state, State::of(kind, values, common)?);
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
        let kind = Self::kind(slf);
        let view = (kind.shape == Shape::ScreenView).then_some("screen_view_properties");
        kind.fields.iter().map(|field| field.name).chain(COMMON_PARAMETERS).chain(["payload"]).chain(view)
    }

    /// The value of a parameter.
    pub fn value<'py>(slf: &Bound<'py, Self>, index: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(field) = Self::kind(slf).fields.get(index) else { return Ok(None) };
        match Self::opened(slf)? {
            Some(fields) => fields.get_item(field.key.python(slf.py())),
            None => Ok(Self::with(slf, |state| bound(&state.values[index], slf.py()))),
        }
    }

    /// Sets a parameter, checked again. None and "" leave an earlier value, as adding them to a payload does.
    pub fn set_value(slf: &Bound<'_, Self>, index: usize, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let kind = Self::kind(slf);
        let Some(field) = kind.fields.get(index) else { return Ok(()) };
        field.check(Some(value))?;
        if kind.leaves_out(value) {
            return Ok(());
        }
        match Self::opened(slf)? {
            Some(fields) => fields.set_item(field.key.python(slf.py()), value)?,
            None => Self::replace(slf, |state| &mut state.values[index], Some(value.clone().unbind())),
        }
        Ok(())
    }

    /// The dict that holds its parameters, if someone has looked at it.
    fn opened<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let py = slf.py();
        match Self::kind(slf).shape {
            Shape::SelfDescribing => Ok(None),
            Shape::ScreenView => Ok(Self::with(slf, |state| bound(&state.properties, py))),
            Shape::Flat => match Self::with(slf, |state| bound(&state.payload, py)) {
                Some(payload) => payload::nv_pairs(&payload).map(Some),
                None => Ok(None),
            },
        }
    }

    /// The parameters that are set, under their names in the payload or the data.
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

    /// The screen view's own dict, made when first asked for.
    pub fn screen_view_properties<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        if let Some(dict) = Self::with(slf, |state| bound(&state.properties, slf.py())) {
            return Ok(dict);
        }
        let dict = Self::values_as_dict(slf)?.unbind();
        Ok(Self::fill(slf, |state| &mut state.properties, dict))
    }

    /// Replaces the screen view's own dict.
    pub fn set_screen_view_properties(slf: &Bound<'_, Self>, properties: Bound<'_, PyDict>) {
        Self::replace(slf, |state| &mut state.properties, Some(properties.unbind()));
    }

    /// Everything that tracking needs, as of now: the user may change the event while it is encoded.
    pub fn snapshot<'py>(slf: &Bound<'py, Self>) -> Result<Snapshot<'py>> {
        let py = slf.py();
        let taken = Self::with(slf, |state| {
            state.constructed.then(|| {
                let snapshot = Snapshot {
                    kind: state.kind,
                    values: std::array::from_fn(|index| bound(&state.values[index], py)),
                    payload: None,
                    properties: bound(&state.properties, py),
                    event_subject: bound(&state.event_subject, py),
                    contexts: Vec::new(),
                    true_timestamp: bound(&state.true_timestamp, py),
                };
                (snapshot, bound(&state.context, py), bound(&state.payload, py))
            })
        });
        let Some((mut snapshot, mut context, mut payload)) = taken else {
            return Err(Error::NotConstructed(type_name(slf)));
        };
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

#[pymethods]
impl Event {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(dict_=None, event_subject=None, context=None, true_timestamp=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::of(State::unset(&CUSTOM))
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
            Self::replace(slf, |state| &mut state.payload, Some(payload.unbind()));
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
        let payload = python::payload_class(py)?.call1((fields,))?.unbind();
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

    /// Programs append to it whether or not one was given.
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

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let fields = Self::kind(slf).fields;
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
        let (constructed, values, common, payload, properties) = Self::with(slf, |state| {
            let values: Vec<_> = state.values.iter().map(|value| bound(value, py)).collect();
            let [subject, context, timestamp] =
                [&state.event_subject, &state.context, &state.true_timestamp].map(|value| bound(value, py));
            let (payload, properties) = (bound(&state.payload, py), bound(&state.properties, py));
            (state.constructed, values, (subject, context, timestamp), payload, properties)
        });
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
        let (added, constructed, given, common, payload, properties) = state;
        attributes::restore(slf, &added)?;
        let (event_subject, context, true_timestamp) = common;
        let mut values = [const { None }; MAX_FIELDS];
        for (place, value) in values.iter_mut().zip(given) {
            *place = value;
        }
        let kind = Self::kind(slf);
        let state = State { kind, constructed, values, event_subject, context, true_timestamp, payload, properties };
        Self::replace(slf, |state| state, state);
        Ok(())
    }

    /// The protocols before the second one have no state.
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: u8) -> PyResult<Bound<'py, PyAny>> {
        attributes::reduce(slf, protocol)
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
