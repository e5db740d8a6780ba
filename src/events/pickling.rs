//! The state of an event for pickle and copy.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::kinds::{Kind, MAX_FIELDS};
use super::state::{State, bound};

type Object<'py> = Option<Bound<'py, PyAny>>;
type Common<'py> = (Object<'py>, Object<'py>, Object<'py>);
/// Whether `__init__` has run; the values; subject, contexts and true timestamp; the payload; the dict of a screen view. An id that the
/// program gave follows the values: earlier versions have none, and ignore it.
pub type Pickled<'py> = (bool, Vec<Object<'py>>, Common<'py>, Object<'py>, Option<Bound<'py, PyDict>>);

/// Returns the parts of a state.
pub fn pickled<'py>(state: &State, py: Python<'py>) -> Pickled<'py> {
    let values = state.values.iter().chain(state.event_id.is_some().then_some(&state.event_id));
    let values = values.map(|value| bound(value, py)).collect();
    let common = (bound(&state.event_subject, py), bound(&state.context, py), bound(&state.true_timestamp, py));
    (state.constructed, values, common, bound(&state.payload, py), bound(&state.properties, py))
}

/// Returns the state with these parts.
pub fn restored(kind: &'static Kind, pickled: Pickled<'_>) -> State {
    let (constructed, mut stored, (subject, context, timestamp), payload, properties) = pickled;
    let event_id = stored.get_mut(MAX_FIELDS).and_then(Option::take);
    let mut values = [const { None }; MAX_FIELDS];
    for (place, value) in values.iter_mut().zip(stored) {
        *place = value.map(Bound::unbind);
    }
    State {
        constructed,
        values,
        event_subject: subject.map(Bound::unbind),
        context: context.map(Bound::unbind),
        true_timestamp: timestamp.map(Bound::unbind),
        event_id: event_id.map(Bound::unbind),
        payload: payload.map(Bound::unbind),
        properties: properties.map(Bound::unbind),
        ..State::unset(kind)
    }
}
