//! The native half of an emitter: where tracked records go when nothing of the emitter's way in is replaced.

use pyo3::prelude::*;

use crate::buffer::Pushed;
use crate::guarded::Guarded;
use crate::hooks::Hooks;
use crate::record_buffer::RecordBuffer;

/// The base of `Emitter`. While `_lane` holds a buffer, the tracker appends to it and calls `flush` when a batch is full.
#[pyclass(subclass, frozen, module = "snowplow_tracker._native")]
pub struct EmitterCore {
    state: Guarded<State>,
}

struct State {
    lane: Option<Py<RecordBuffer>>,
    batch_full_at: usize,
}

#[pymethods]
impl EmitterCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { state: Guarded::new(State { lane: None, batch_full_at: usize::MAX }) }
    }

    #[getter(_lane)]
    fn lane<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, RecordBuffer>> {
        slf.get().state.with(slf.py(), |state| state.lane.as_ref().map(|lane| lane.bind(slf.py()).clone()))
    }

    #[setter(_lane)]
    fn set_lane(slf: &Bound<'_, Self>, lane: Option<Bound<'_, RecordBuffer>>) {
        drop(slf.get().state.with(slf.py(), |state| std::mem::replace(&mut state.lane, lane.map(Bound::unbind))));
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
    buffer: Bound<'py, RecordBuffer>,
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
        let lane = emitter
            .get()
            .state
            .with(py, |state| state.lane.as_ref().map(|buffer| (buffer.bind(py).clone(), state.batch_full_at)));
        Ok(lane.map(|(buffer, batch_full_at)| Self { emitter, buffer, batch_full_at }))
    }

    /// Appends a record; a full batch is the emitter's to send, a full buffer its to report.
    pub fn push(&self, record: &[u8], created_ms: i64) -> PyResult<()> {
        let py = self.emitter.py();
        match self.buffer.get().push(py, record, created_ms) {
            Pushed::Waiting(count) if count < self.batch_full_at => Ok(()),
            Pushed::Waiting(_) => self.emitter.call_method0(pyo3::intern!(py, "flush")).map(drop),
            Pushed::Full => self.emitter.call_method0(pyo3::intern!(py, "_refuse")).map(drop),
            Pushed::Sealed => self.emitter.call_method1(pyo3::intern!(py, "_input_record"), (record,)).map(drop),
        }
    }
}
