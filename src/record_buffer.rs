//! The record buffer and its batches as Python sees them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use crate::buffer::{Batch, Pushed, Records};
use crate::container_items::items;
use crate::error::Result;
use crate::guarded::Guarded;
use crate::json::Lossy;
use crate::payload::{self, Fields, Record};
use crate::{panics, python, scratch};

/// Events in memory as finished records, oldest first. Safe to use from several threads.
#[pyclass(frozen, module = "snowplow_tracker._native")]
pub struct RecordBuffer {
    records: Guarded<Records>,
}

/// Some events on their way out.
#[pyclass(frozen, module = "snowplow_tracker._native")]
pub struct RecordBatch {
    batch: Mutex<Batch>,
}

/// A panic leaves nothing half-done that matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecordBuffer {
    /// Appends a record.
    pub fn push(&self, py: Python<'_>, record: &[u8], created_ms: i64) -> Pushed {
        self.records.with(py, |records| records.push(record, created_ms))
    }
}

#[pymethods]
impl RecordBuffer {
    #[new]
    fn new(capacity: usize) -> Self {
        Self { records: Guarded::new(Records::new(capacity)) }
    }

    /// Appends an event given as a dict; False where the buffer is full or sealed.
    fn add(&self, event: &Bound<'_, PyDict>) -> PyResult<bool> {
        panics::guarded(|| {
            scratch::with_buffer(|record| {
                record_of(event, record)?;
                Ok(matches!(self.push(event.py(), record, created_ms(event)?), Pushed::Waiting(_)))
            })
        })
    }

    /// Appends a record that was created at a time in milliseconds; False where the buffer is full or sealed.
    fn add_record(&self, py: Python<'_>, record: &[u8], created_ms: i64) -> bool {
        matches!(self.push(py, record, created_ms), Pushed::Waiting(_))
    }

    /// Takes the oldest events for one request body below `max_bytes`, at most `max_events` of them. None where nothing waits.
    fn take(&self, py: Python<'_>, max_events: usize, max_bytes: usize) -> Option<RecordBatch> {
        let batch = self.records.with(py, |records| records.take(max_events, max_bytes));
        (batch.len() > 0).then(|| RecordBatch { batch: Mutex::new(batch) })
    }

    /// Acknowledges a batch: its records are forgotten.
    fn ack(&self, py: Python<'_>, batch: &RecordBatch) {
        let batch = std::mem::take(&mut *lock(&batch.batch));
        self.records.with(py, |records| records.ack(batch.len()));
    }

    /// Puts a batch back at the front of the queue.
    fn requeue(&self, py: Python<'_>, batch: &RecordBatch) {
        let batch = std::mem::take(&mut *lock(&batch.batch));
        self.records.with(py, |records| records.requeue(batch));
    }

    /// Forgets everything, in flight or not.
    fn clear(&self, py: Python<'_>) {
        self.records.with(py, Records::clear);
    }

    /// Takes no more events from here on.
    fn seal(&self, py: Python<'_>) {
        self.records.with(py, Records::seal);
    }

    /// When the oldest waiting event was created, in milliseconds since 1970; None where nothing waits.
    #[getter]
    fn oldest_ms(&self, py: Python<'_>) -> Option<i64> {
        self.records.with(py, |records| records.oldest_ms())
    }

    #[getter]
    fn in_flight(&self, py: Python<'_>) -> usize {
        self.records.with(py, |records| records.in_flight())
    }

    #[getter]
    fn allocated(&self, py: Python<'_>) -> usize {
        self.records.with(py, |records| records.allocated())
    }

    #[getter]
    fn capacity(&self, py: Python<'_>) -> usize {
        self.records.with(py, |records| records.capacity())
    }

    #[setter]
    fn set_capacity(&self, py: Python<'_>, capacity: usize) {
        self.records.with(py, |records| records.set_capacity(capacity));
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.records.with(py, |records| records.waiting())
    }
}

#[pymethods]
impl RecordBatch {
    /// A batch of records, each with the time of its creation in milliseconds: from the first on, as many as fit a body of `max_bytes`,
    /// yet never none.
    #[staticmethod]
    fn of(records: Vec<(PyBackedBytes, i64)>, max_bytes: usize) -> Self {
        let mut queue = Records::new(usize::MAX);
        for (record, created_ms) in &records {
            queue.push(record, *created_ms);
        }
        Self { batch: Mutex::new(queue.take(usize::MAX, max_bytes)) }
    }

    /// A copy of its events from one place to before another.
    fn part(&self, start: usize, end: usize) -> Self {
        Self { batch: Mutex::new(lock(&self.batch).part(start..end)) }
    }

    /// The request body, each event sent at `sent_ms` or at its own creation, whichever is later.
    fn body<'py>(&self, py: Python<'py>, sent_ms: i64) -> Bound<'py, PyBytes> {
        let body = py.detach(|| lock(&self.batch).body(Some(sent_ms)));
        PyBytes::new(py, &body)
    }

    /// The events as dicts of text, `stm` included where a sent time is given.
    #[pyo3(signature = (sent_ms=None))]
    fn events<'py>(&self, py: Python<'py>, sent_ms: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        let array = lock(&self.batch).array(sent_ms);
        py.import("json")?.call_method1("loads", (PyBytes::new(py, &array),))
    }

    fn __len__(&self) -> usize {
        lock(&self.batch).len()
    }
}

/// Request bodies for events given as dicts, in order: for each how many events it holds, and the body, below `max_bytes` unless
/// a single event is larger.
#[pyfunction]
pub fn request_bodies<'py>(
    py: Python<'py>,
    events: &Bound<'py, PyList>,
    max_bytes: usize,
) -> PyResult<Vec<(usize, Bound<'py, PyBytes>)>> {
    panics::guarded(|| {
        let mut records = Records::new(usize::MAX);
        for event in events.iter() {
            scratch::with_buffer(|record| {
                record_of(event.cast::<PyDict>()?, record)?;
                records.push(record, 0);
                PyResult::Ok(())
            })?;
        }
        let mut bodies = Vec::new();
        while records.waiting() > 0 {
            let batch = records.take(usize::MAX, max_bytes);
            bodies.push((batch.len(), PyBytes::new(py, &batch.body(None))));
        }
        Ok(bodies)
    })
}

/// A copy of a payload's fields the way they leave: without None, empty text, numbers that are not finite and lone surrogates; as
/// text, or with the types that they have.
#[pyfunction]
pub fn clean_fields<'py>(payload: &Bound<'py, PyAny>, as_text: bool) -> PyResult<Bound<'py, PyDict>> {
    if let Ok(fields) = payload.cast::<PyDict>() {
        return Ok(payload::clean(fields, as_text)?);
    }
    let fields = PyDict::new(payload.py());
    for item in payload.call_method0("items")?.try_iter()? {
        let (name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
        fields.set_item(name, value)?;
    }
    Ok(payload::clean(&fields, as_text)?)
}

/// The record of an event given as a dict, and the time of its creation in milliseconds.
#[pyfunction]
pub fn encode_record<'py>(event: &Bound<'py, PyDict>) -> PyResult<(Bound<'py, PyBytes>, i64)> {
    panics::guarded(|| {
        scratch::with_buffer(|record| {
            record_of(event, record)?;
            Ok((PyBytes::new(event.py(), record), created_ms(event)?))
        })
    })
}

/// Whether a record can hold an event without changing it: all text.
#[pyfunction]
pub fn is_text_only(event: &Bound<'_, PyDict>) -> bool {
    let is_text = |object: &Bound<'_, PyAny>| object.is_exact_instance_of::<PyString>();
    items(event).iter().all(|(name, value)| is_text(name) && is_text(value))
}

fn record_of(event: &Bound<'_, PyDict>, out: &mut Vec<u8>) -> Result<()> {
    let mut lossy = Lossy::default();
    let mut record = Record::begin(out, &mut lossy);
    record.items(&items(event))?;
    record.end();
    Ok(python::warn_of_loss(event.py(), lossy)?)
}

fn created_ms(event: &Bound<'_, PyDict>) -> PyResult<i64> {
    let created = event.get_item(pyo3::intern!(event.py(), "dtm"))?;
    Ok(created.and_then(|dtm| dtm.extract::<&str>().ok()?.parse().ok()).unwrap_or(0))
}
