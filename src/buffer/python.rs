//! The queue of records as Python classes, and functions that turn dicts into records and request bodies.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::queue::{Batch, PushResult, RecordQueue};
use crate::cpython::items::items;
use crate::cpython::str::new_bytes;
use crate::error;
use crate::json::python::warn_of_replacements;
use crate::json::text::Replacements;
use crate::output::{NoMemory, Output};
use crate::payload::fields::FieldWriter;
use crate::payload::record::RecordWriter;
use crate::sync::gil_cell::GilCell;
use crate::{panics, scratch};

/// Events in memory as finished records, oldest first. Thread-safe.
#[pyclass(frozen, module = "snowplow_tracker._native")]
pub struct RecordBuffer {
    queue: GilCell<RecordQueue>,
}

/// Events that were taken for one request.
#[pyclass(frozen, module = "snowplow_tracker._native")]
pub struct RecordBatch {
    /// A lock and not a `GilCell`: `body` reads it without the GIL.
    batch: Mutex<Batch>,
    origin: Mutex<Option<Origin>>,
}

/// The buffer that a batch was taken from, and how often that had been cleared.
struct Origin {
    buffer: Py<RecordBuffer>,
    clears: usize,
}

impl RecordBatch {
    fn without_origin(batch: Batch) -> Self {
        Self { batch: Mutex::new(batch), origin: Mutex::new(None) }
    }
}

impl Drop for RecordBatch {
    /// Puts a batch back that is neither acknowledged nor requeued: no memory for what was to hold it, or an exception of a signal handler.
    fn drop(&mut self) {
        let Some(origin) = lock(&self.origin).take() else { return };
        let batch = std::mem::take(&mut *lock(&self.batch));
        if batch.len() > 0 {
            Python::attach(|py| {
                origin.buffer.get().queue.with(py, |queue| {
                    if queue.clears() == origin.clears {
                        queue.requeue(batch);
                    }
                });
            });
        }
    }
}

/// Ignores poison: a panic leaves no batch half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecordBuffer {
    /// Appends a record.
    pub fn push(&self, py: Python<'_>, record: &[u8], created_ms: i64) -> Result<PushResult, NoMemory> {
        self.queue.with(py, |queue| queue.push(record, created_ms))
    }

    /// Appends records, each with its creation time in milliseconds. Fails at the first one that there is no memory for.
    pub fn push_all<'a>(&self, py: Python<'_>, records: impl Iterator<Item = (&'a [u8], i64)>) -> Result<(), NoMemory> {
        self.queue.with(py, |queue| {
            for (record, created_ms) in records {
                queue.push(record, created_ms)?;
            }
            Ok(())
        })
    }
}

#[pymethods]
impl RecordBuffer {
    #[new]
    fn new(capacity: usize) -> Self {
        Self { queue: GilCell::new(RecordQueue::new(capacity)) }
    }

    /// Appends an event given as a dict. Returns false if the buffer is full or sealed.
    fn add(&self, event: &Bound<'_, PyDict>) -> PyResult<bool> {
        panics::catch(|| {
            scratch::with_buffer(|record| {
                write_record(event, record)?;
                Ok(matches!(self.push(event.py(), record, created_ms(event)?)?, PushResult::Queued(_)))
            })
        })
    }

    /// Appends a record with its creation time in milliseconds. Returns false if the buffer is full or sealed.
    fn add_record(&self, py: Python<'_>, record: &[u8], created_ms: i64) -> PyResult<bool> {
        Ok(matches!(self.push(py, record, created_ms)?, PushResult::Queued(_)))
    }

    /// Takes the oldest events, at most `max_events`, and as many as fit a body of `max_bytes`. Returns `None` if the buffer is empty.
    fn take(slf: &Bound<'_, Self>, max_events: usize, max_bytes: usize) -> PyResult<Option<RecordBatch>> {
        let taken = slf.get().queue.with(slf.py(), |queue| (queue.take(max_events, max_bytes), queue.clears()));
        let (batch, clears) = (taken.0?, taken.1);
        let origin = Origin { buffer: slf.clone().unbind(), clears };
        Ok((batch.len() > 0).then(|| RecordBatch { batch: Mutex::new(batch), origin: Mutex::new(Some(origin)) }))
    }

    /// Acknowledges a batch: its events are forgotten.
    fn ack(&self, py: Python<'_>, batch: &RecordBatch) {
        let batch = std::mem::take(&mut *lock(&batch.batch));
        self.queue.with(py, |queue| queue.ack(batch.len()));
    }

    /// Puts a batch back at the front of the queue.
    fn requeue(&self, py: Python<'_>, batch: &RecordBatch) {
        let batch = std::mem::take(&mut *lock(&batch.batch));
        self.queue.with(py, |queue| queue.requeue(batch));
    }

    /// Removes all events, those in flight included.
    fn clear(&self, py: Python<'_>) {
        self.queue.with(py, RecordQueue::clear);
    }

    /// Refuses all further events.
    fn seal(&self, py: Python<'_>) {
        self.queue.with(py, RecordQueue::seal);
    }

    /// The creation time of the oldest queued event in milliseconds since 1970, or `None` if the buffer is empty.
    #[getter]
    fn oldest_ms(&self, py: Python<'_>) -> Option<i64> {
        self.queue.with(py, |queue| queue.oldest_ms())
    }

    #[getter]
    fn in_flight(&self, py: Python<'_>) -> usize {
        self.queue.with(py, |queue| queue.in_flight())
    }

    #[getter]
    fn allocated(&self, py: Python<'_>) -> usize {
        self.queue.with(py, |queue| queue.allocated())
    }

    #[getter]
    fn capacity(&self, py: Python<'_>) -> usize {
        self.queue.with(py, |queue| queue.capacity())
    }

    #[setter]
    fn set_capacity(&self, py: Python<'_>, capacity: usize) {
        self.queue.with(py, |queue| queue.set_capacity(capacity));
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.queue.with(py, |queue| queue.queued())
    }
}

#[pymethods]
impl RecordBatch {
    /// Returns a batch of the first records, each with its creation time in milliseconds: as many as fit a body of `max_bytes`, and at
    /// least one.
    #[staticmethod]
    fn of(records: &Bound<'_, PyList>, max_bytes: usize) -> PyResult<Self> {
        let mut queue = RecordQueue::new(usize::MAX);
        for item in records.iter() {
            let (record, created_ms): (PyBackedBytes, i64) = item.extract()?;
            queue.push(&record, created_ms)?;
        }
        Ok(Self::without_origin(queue.take(usize::MAX, max_bytes)?))
    }

    /// Returns a copy of the events from index `start` up to, not including, `end`. From then on the parts are acknowledged or requeued,
    /// so this batch no longer returns to its buffer when it is dropped.
    fn part(&self, start: usize, end: usize) -> PyResult<Self> {
        let part = lock(&self.batch).part(start..end)?;
        drop(lock(&self.origin).take());
        Ok(Self::without_origin(part))
    }

    /// Returns the request body. The sent time of each event is `sent_ms` or its creation time, whichever is later.
    fn body<'py>(&self, py: Python<'py>, sent_ms: i64) -> PyResult<Bound<'py, PyBytes>> {
        let body = py.detach(|| lock(&self.batch).body(Some(sent_ms)))?;
        new_bytes(py, &body)
    }

    /// Returns the events as dicts of strings, with `stm` if a sent time is given.
    #[pyo3(signature = (sent_ms=None))]
    fn events<'py>(&self, py: Python<'py>, sent_ms: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        let array = lock(&self.batch).array(sent_ms)?;
        py.import("json")?.call_method1("loads", (new_bytes(py, &array)?,))
    }

    fn __len__(&self) -> usize {
        lock(&self.batch).len()
    }
}

/// Returns the request bodies for events given as dicts, in order, each with the number of its events. A body is at most `max_bytes` long,
/// unless a single event is larger.
#[pyfunction]
pub fn request_bodies<'py>(
    py: Python<'py>,
    events: &Bound<'py, PyList>,
    max_bytes: usize,
) -> PyResult<Vec<(usize, Bound<'py, PyBytes>)>> {
    panics::catch(|| {
        let mut queue = RecordQueue::new(usize::MAX);
        for event in events.iter() {
            scratch::with_buffer(|record| {
                write_record(event.cast::<PyDict>()?, record)?;
                queue.push(record, 0)?;
                PyResult::Ok(())
            })?;
        }
        let mut bodies = Vec::new();
        while queue.queued() > 0 {
            let batch = queue.take(usize::MAX, max_bytes)?;
            bodies.try_reserve(1).map_err(|_| NoMemory)?;
            bodies.push((batch.len(), new_bytes(py, &batch.body(None)?)?));
        }
        Ok(bodies)
    })
}

/// Returns the record of an event given as a dict, and its creation time in milliseconds.
#[pyfunction]
pub fn encode_record<'py>(event: &Bound<'py, PyDict>) -> PyResult<(Bound<'py, PyBytes>, i64)> {
    panics::catch(|| {
        scratch::with_buffer(|record| {
            write_record(event, record)?;
            Ok((new_bytes(event.py(), record)?, created_ms(event)?))
        })
    })
}

/// Returns true if a record can hold an event without changing it: all names and values are strings.
#[pyfunction]
pub fn is_text_only(event: &Bound<'_, PyDict>) -> PyResult<bool> {
    let is_text = |object: &Bound<'_, PyAny>| object.is_exact_instance_of::<PyString>();
    Ok(items(event)?.iter().all(|(name, value)| is_text(name) && is_text(value)))
}

/// Writes the record of an event given as a dict.
pub fn write_record(event: &Bound<'_, PyDict>, out: &mut Output) -> error::Result<()> {
    let mut replaced = Replacements::default();
    let mut record = RecordWriter::begin(out, &mut replaced);
    record.items(&items(event)?)?;
    record.end()?;
    Ok(warn_of_replacements(event.py(), replaced)?)
}

fn created_ms(event: &Bound<'_, PyDict>) -> PyResult<i64> {
    let created = event.get_item(crate::sync::once::intern!(event.py(), "dtm"))?;
    Ok(created.and_then(|dtm| dtm.extract::<&str>().ok()?.parse().ok()).unwrap_or(0))
}
