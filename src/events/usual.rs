//! Events and self-describing JSON as `track` usually finds them, read in place: no Python code runs meanwhile.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList};

use super::event::Event;
use super::kinds::Kind;
use super::self_describing_json::SelfDescribingJson;
use super::state::{Slot, State};
use crate::cpython::items::borrowed_element;
use crate::cpython::str::small_int;
use crate::overrides::Originals;

/// An event with nothing but values, contexts and a true timestamp.
pub struct UsualEvent<'a, 'py> {
    /// Proof that the thread is attached.
    pub py: Python<'py>,
    /// The kind of the event.
    pub kind: &'static Kind,
    /// The values of its parameters.
    pub values: &'a [Slot],
    /// Its contexts.
    pub contexts: Option<&'a Bound<'py, PyList>>,
    /// When it happened, in milliseconds.
    pub true_timestamp: Option<i64>,
}

impl<'a, 'py> UsualEvent<'a, 'py> {
    /// Calls `work` with an event, and returns its result, or `None` if the event is not usual.
    ///
    /// `work` must run no Python code.
    #[inline(always)]
    #[expect(unsafe_code, reason = "looking for a base class takes a fiftieth of a page view")]
    pub fn read<R>(
        event: &Bound<'py, PyAny>,
        originals: &Originals,
        work: impl FnOnce(UsualEvent<'_, 'py>) -> Option<R>,
    ) -> Option<R> {
        if !originals.knows_event(event) {
            return None;
        }
        // SAFETY: only classes of events are asked for, and known: see `choose_path`.
        let event = unsafe { event.cast_unchecked::<Event>() };
        Event::with(event, |state| work(UsualEvent::of(state, event.py())?))
    }

    #[inline(always)]
    fn of(state: &'a State, py: Python<'py>) -> Option<Self> {
        let rare = (&state.payload, &state.properties, &state.event_subject, &state.event_id);
        let (true, (None, None, None, None)) = (state.constructed, rare) else { return None };
        Some(Self {
            py,
            kind: state.kind,
            values: &state.values,
            contexts: match &state.context {
                Some(contexts) => Some(contexts.bind(py).cast_exact::<PyList>().ok()?),
                None => None,
            },
            true_timestamp: match &state.true_timestamp {
                Some(timestamp) => Some(small_int(timestamp.bind(py).cast_exact::<PyInt>().ok()?)?),
                None => None,
            },
        })
    }

    /// Calls `work` with each context. Returns `None` if that does.
    #[inline]
    #[expect(unsafe_code, reason = "see borrowed_element")]
    pub fn each_context(
        contexts: &Bound<'py, PyList>,
        mut work: impl FnMut(&Bound<'py, PyAny>) -> Option<()>,
    ) -> Option<()> {
        let mut index = 0;
        // SAFETY: no Python code runs before the context is written.
        while let Some(context) = unsafe { borrowed_element(contexts, index) } {
            work(&context)?;
            index += 1;
        }
        Some(())
    }
}

/// Calls `work` with schema and data of a self-describing JSON, and returns its result, or `None` if that is not usual.
///
/// `work` must run no Python code.
#[inline(always)]
pub fn read_self_describing<'py, R>(
    json: &Bound<'py, PyAny>,
    originals: &Originals,
    work: impl FnOnce(&Bound<'py, PyAny>, &Bound<'py, PyAny>) -> Option<R>,
) -> Option<R> {
    let json = json.cast_exact::<SelfDescribingJson>().ok()?;
    if !originals.knows_self_describing_json(json) {
        return None;
    }
    SelfDescribingJson::with(json, |schema, data| work(schema?, data?))
}
