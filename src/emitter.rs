//! The native half of an emitter: the sink that `track` appends records to.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use crate::buffer::python::RecordBuffer;
use crate::buffer::queue::PushResult;
use crate::cpython::call::{call_user_code, call_user_method};
use crate::cpython::str::new_bytes;
use crate::output::NoMemory;
use crate::overrides::{Originals, originals};
use crate::process;
use crate::sync::rcu::{CloneWithGil, Rcu, RcuGuard};

/// The base class of `Emitter`. It has no attributes, since subclasses may use any name: `configure_emitter` sets what `track` reads.
#[pyclass(subclass, frozen, module = "snowplow_tracker._native")]
pub struct EmitterCore {
    config: Rcu<Config>,
    /// While it is set, a full batch does not call `flush`. Relaxed order is enough: the lock of the buffer orders a push against the
    /// flush that clears the flag before it takes the records.
    flush_requested: AtomicBool,
}

/// Holds no object that could hold the emitter: a `RecordBuffer` holds bytes only. So the class needs no `__traverse__`.
struct Config {
    sink: Option<Py<RecordBuffer>>,
    accepts_records: bool,
    flush_threshold: usize,
    /// The process that it was configured in. A copy of that process must not append: the buffer holds its parent's events.
    process: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { sink: None, accepts_records: false, flush_threshold: usize::MAX, process: 0 }
    }
}

impl CloneWithGil for Config {
    fn clone_with_gil(&self, py: Python<'_>) -> Self {
        Self { sink: self.sink.as_ref().map(|sink| sink.clone_ref(py)), ..*self }
    }
}

#[pymethods]
impl EmitterCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { config: Rcu::new(), flush_requested: AtomicBool::new(false) }
    }
}

/// Sets where `track` puts the records of an emitter: into `sink`, calling `flush` when it holds `flush_threshold` records, or to
/// `accept_record` if there is no sink and `accepts_records` is true. With neither, the emitter gets dicts through `input`.
#[pyfunction]
pub fn configure_emitter(
    emitter: &Bound<'_, EmitterCore>,
    sink: Option<Bound<'_, RecordBuffer>>,
    accepts_records: bool,
    flush_threshold: usize,
) {
    let config = Config { sink: sink.map(Bound::unbind), accepts_records, flush_threshold, process: process::number() };
    emitter.get().config.replace(emitter.py(), config);
}

/// Sets whether a flush is already requested. While it is, a full batch does not request another one.
#[pyfunction]
pub fn set_flush_requested(emitter: &Bound<'_, EmitterCore>, requested: bool) {
    emitter.get().flush_requested.store(requested, Ordering::Relaxed);
}

/// What `track` usually needs of an emitter. No Python code runs here.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
impl EmitterCore {
    /// Returns true if records are appended to a buffer of this process.
    #[inline]
    pub fn has_buffer(&self, py: Python<'_>) -> bool {
        let has_buffer = |config: &Config| config.process == process::number() && config.sink.is_some();
        self.config.peek(py, has_buffer) == Some(true)
    }

    /// Appends a record, and returns whether a flush is due, or `None` if the record cannot be appended.
    #[inline]
    pub fn append(&self, py: Python<'_>, record: &[u8], created_ms: i64) -> Option<bool> {
        self.config.peek(py, |config| {
            let sink = config.sink.as_ref().filter(|_| config.process == process::number())?;
            match sink.get().push(py, record, created_ms) {
                Ok(PushResult::Queued(count)) => {
                    Some(count >= config.flush_threshold && !self.flush_requested.load(Ordering::Relaxed))
                }
                _ => None,
            }
        })?
    }
}

/// An emitter that accepts finished records.
pub struct RecordSink<'py> {
    emitter: Bound<'py, EmitterCore>,
    config: RcuGuard<'py, Config>,
}

impl<'py> RecordSink<'py> {
    /// Returns the sink of an emitter, or `None` if a program replaced a method that takes events in, or if it accepts no records.
    pub fn of(emitter: Bound<'py, PyAny>, originals: &Originals) -> PyResult<Option<Self>> {
        let Ok(emitter) = emitter.cast_into::<EmitterCore>() else { return Ok(None) };
        if !originals.input_is_original(&emitter.get_type())? {
            return Ok(None);
        }
        let config = emitter.get().config.load(emitter.py());
        let accepts = config.get().is_some_and(|config| config.sink.is_some() || config.accepts_records);
        Ok(accepts.then_some(Self { emitter, config }))
    }

    /// Appends a record, and flushes if that fills a batch. A record that cannot be appended goes to `accept_record`, which in a copy of
    /// the process empties the emitter first.
    pub fn push(&self, record: &[u8], created_ms: i64) -> PyResult<()> {
        let py = self.emitter.py();
        let config = self.config.get().filter(|config| config.process == process::number());
        let sink = config.and_then(|config| config.sink.as_ref());
        match sink.map(|sink| sink.get().push(py, record, created_ms)) {
            Some(Ok(PushResult::Queued(count))) if !self.is_flush_due(count) => Ok(()),
            Some(Ok(PushResult::Queued(_))) => {
                call_user_method(&self.emitter, crate::sync::once::intern!(py, "flush"), ()).map(drop)
            }
            Some(Err(NoMemory)) => self.drop_event(),
            Some(Ok(PushResult::Full | PushResult::Sealed)) | None => {
                let arguments = (&self.emitter, new_bytes(py, record)?, created_ms);
                call_user_code(originals(py)?.accept_record().bind(py), arguments, None).map(drop)
            }
        }
    }

    /// Counts an event as dropped for which there was no memory, and raises `MemoryError`.
    fn drop_event(&self) -> PyResult<()> {
        let py = self.emitter.py();
        call_user_code(originals(py)?.accept_record().bind(py), (&self.emitter, py.None(), 0), None).map(drop)
    }

    /// Counts an event as dropped for which there was no memory. The caller raises the exception.
    pub fn count_dropped(&self) {
        // Without memory, counting may fail too.
        let _ = self.drop_event();
    }

    fn is_flush_due(&self, count: usize) -> bool {
        let threshold = self.config.get().map_or(usize::MAX, |config| config.flush_threshold);
        count >= threshold && !self.emitter.get().flush_requested.load(Ordering::Relaxed)
    }
}
