//! The native half of an emitter: where tracked records go when nothing of the emitter's way in is replaced.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::Pushed;
use crate::events::bound;
use crate::hooks::Hooks;
use crate::program_code::call_method;
use crate::record_buffer::RecordBuffer;
use crate::shared::{CopyAttached, Loaded, Shared};

/// The base of `Emitter`. While `_lane` holds a buffer, the tracker appends to it and calls `flush` when a batch is full. What it cannot
/// append goes to `_input_record`: all, where there is no lane and `_takes_records` is set.
#[pyclass(subclass, frozen, module = "snowplow_tracker._native")]
pub struct EmitterCore {
    state: Shared<State>,
}

struct State {
    lane: Option<Py<RecordBuffer>>,
    takes_records: bool,
    batch_full_at: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { lane: None, takes_records: false, batch_full_at: usize::MAX }
    }
}

impl CopyAttached for State {
    fn copy(&self, py: Python<'_>) -> Self {
        Self { lane: self.lane.as_ref().map(|lane| lane.clone_ref(py)), ..*self }
    }
}

#[pymethods]
impl EmitterCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { state: Shared::new() }
    }

    #[getter(_lane)]
    fn lane<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, RecordBuffer>> {
        slf.get().state.load(slf.py()).get().and_then(|state| bound(&state.lane, slf.py()))
    }

    #[setter(_lane)]
    fn set_lane(slf: &Bound<'_, Self>, lane: Option<Bound<'_, RecordBuffer>>) {
        slf.get().state.update(slf.py(), |state| state.lane = lane.clone().map(Bound::unbind));
    }

    #[getter(_takes_records)]
    fn takes_records(slf: &Bound<'_, Self>) -> bool {
        slf.get().state.load(slf.py()).get().is_some_and(|state| state.takes_records)
    }

    #[setter(_takes_records)]
    fn set_takes_records(slf: &Bound<'_, Self>, takes_records: bool) {
        slf.get().state.update(slf.py(), |state| state.takes_records = takes_records);
    }

    #[getter(_batch_full_at)]
    fn batch_full_at(slf: &Bound<'_, Self>) -> usize {
        slf.get().state.load(slf.py()).get().map_or(usize::MAX, |state| state.batch_full_at)
    }

    #[setter(_batch_full_at)]
    fn set_batch_full_at(slf: &Bound<'_, Self>, batch_full_at: usize) {
        slf.get().state.update(slf.py(), |state| state.batch_full_at = batch_full_at);
    }
}

/// An emitter that takes records as they are.
pub struct Lane<'py> {
    emitter: Bound<'py, EmitterCore>,
    state: Loaded<'py, State>,
}

impl<'py> Lane<'py> {
    /// The lane of an emitter whose way in is this package's own.
    pub fn of(emitter: Bound<'py, PyAny>, hooks: &Hooks) -> PyResult<Option<Self>> {
        let Ok(emitter) = emitter.cast_into::<EmitterCore>() else { return Ok(None) };
        if !hooks.input_is_ours(&emitter.get_type())? {
            return Ok(None);
        }
        let state = emitter.get().state.load(emitter.py());
        let has_lane = state.get().is_some_and(|state| state.lane.is_some() || state.takes_records);
        Ok(has_lane.then_some(Self { emitter, state }))
    }

    /// Appends a record; a full batch is the emitter's to send, and what cannot be appended its to take.
    pub fn push(&self, record: &[u8], created_ms: i64) -> PyResult<()> {
        let py = self.emitter.py();
        let state = self.state.get();
        let batch_full_at = state.map_or(usize::MAX, |state| state.batch_full_at);
        let buffer = state.and_then(|state| state.lane.as_ref());
        match buffer.map(|buffer| buffer.get().push(py, record, created_ms)) {
            Some(Pushed::Waiting(count)) if count < batch_full_at => Ok(()),
            Some(Pushed::Waiting(_)) => call_method(&self.emitter, pyo3::intern!(py, "flush"), ()).map(drop),
            Some(Pushed::Full | Pushed::Sealed) | None => {
                let arguments = (PyBytes::new(py, record), created_ms);
                call_method(&self.emitter, pyo3::intern!(py, "_input_record"), arguments).map(drop)
            }
        }
    }
}
