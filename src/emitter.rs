//! The native half of an emitter: where tracked records go when nothing of the emitter's way in is replaced.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::Pushed;
use crate::guarded::Guarded;
use crate::hooks::Hooks;
use crate::program_code::call_method;
use crate::record_buffer::RecordBuffer;

/// The base of `Emitter`. While `_lane` holds a buffer, the tracker appends to it and calls `flush` when a batch is full. What it cannot
/// append goes to `_input_record`: all, where there is no lane and `_takes_records` is set.
#[pyclass(subclass, frozen, module = "snowplow_tracker._native")]
pub struct EmitterCore {
    state: Guarded<State>,
}

struct State {
    lane: Option<Py<RecordBuffer>>,
    takes_records: bool,
    batch_full_at: usize,
}

#[pymethods]
impl EmitterCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { state: Guarded::new(State { lane: None, takes_records: false, batch_full_at: usize::MAX }) }
    }

    #[getter(_lane)]
    fn lane<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, RecordBuffer>> {
        slf.get().state.with(slf.py(), |state| state.lane.as_ref().map(|lane| lane.bind(slf.py()).clone()))
    }

    #[setter(_lane)]
    fn set_lane(slf: &Bound<'_, Self>, lane: Option<Bound<'_, RecordBuffer>>) {
        drop(slf.get().state.with(slf.py(), |state| std::mem::replace(&mut state.lane, lane.map(Bound::unbind))));
    }

    #[getter(_takes_records)]
    fn takes_records(slf: &Bound<'_, Self>) -> bool {
        slf.get().state.with(slf.py(), |state| state.takes_records)
    }

    #[setter(_takes_records)]
    fn set_takes_records(slf: &Bound<'_, Self>, takes_records: bool) {
        slf.get().state.with(slf.py(), |state| state.takes_records = takes_records);
    }

    #[getter(_batch_full_at)]
    fn batch_full_at(slf: &Bound<'_, Self>) -> usize {
        slf.get().state.with(slf.py(), |state| state.batch_full_at)
    }

    #[setter(_batch_full_at)]
    fn set_batch_full_at(slf: &Bound<'_, Self>, batch_full_at: usize) {
        slf.get().state.with(slf.py(), |state| state.batch_full_at = batch_full_at);
    }
}

/// An emitter that takes records as they are.
pub struct Lane<'py> {
    emitter: Bound<'py, EmitterCore>,
    buffer: Option<Bound<'py, RecordBuffer>>,
    batch_full_at: usize,
}

impl<'py> Lane<'py> {
    /// The lane of an emitter whose way in is this package's own.
    pub fn of(emitter: Bound<'py, PyAny>, hooks: &Hooks) -> PyResult<Option<Self>> {
        let Ok(emitter) = emitter.cast_into::<EmitterCore>() else { return Ok(None) };
        if !hooks.input_is_ours(&emitter.get_type())? {
            return Ok(None);
        }
        let py = emitter.py();
        let (buffer, takes_records, batch_full_at) = emitter.get().state.with(py, |state| {
            let buffer = state.lane.as_ref().map(|buffer| buffer.bind(py).clone());
            (buffer, state.takes_records, state.batch_full_at)
        });
        let has_lane = buffer.is_some() || takes_records;
        Ok(has_lane.then_some(Self { emitter, buffer, batch_full_at }))
    }

    /// Appends a record; a full batch is the emitter's to send, and what cannot be appended its to take.
    pub fn push(&self, record: &[u8], created_ms: i64) -> PyResult<()> {
        let py = self.emitter.py();
        match self.buffer.as_ref().map(|buffer| buffer.get().push(py, record, created_ms)) {
            Some(Pushed::Waiting(count)) if count < self.batch_full_at => Ok(()),
            Some(Pushed::Waiting(_)) => call_method(&self.emitter, pyo3::intern!(py, "flush"), ()).map(drop),
            Some(Pushed::Full | Pushed::Sealed) | None => {
                let arguments = (PyBytes::new(py, record), created_ms);
                call_method(&self.emitter, pyo3::intern!(py, "_input_record"), arguments).map(drop)
            }
        }
    }
}
