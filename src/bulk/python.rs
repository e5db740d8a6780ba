//! Lines as records for Python: `LineEncoder`, and what it makes.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::lines::{Entry, encode};
use super::settings::Settings;
use crate::buffer::python::RecordBuffer;
use crate::output::Output;
use crate::overrides::globals::replaced_uuid4;
use crate::panics;
use crate::payload::{CONTEXTS, UNSTRUCT_EVENT};
use crate::tracker::stamp::now_ms;

/// Encodes usual lines. It has no state but its settings, so any thread may use it.
#[pyclass(frozen, module = "snowplow_tracker._native")]
pub struct LineEncoder {
    /// None if no line is usual with these settings.
    settings: Option<Settings>,
}

#[pymethods]
impl LineEncoder {
    #[new]
    fn new(base: &Bound<'_, PyDict>, encode_base64: bool, new_ids: bool) -> Self {
        let mut fields = Vec::new();
        for (name, value) in base {
            // A lone surrogate has no UTF-8.
            let (Ok(name), Ok(value)) = (name.extract(), value.extract()) else { return Self { settings: None } };
            fields.push((name, value));
        }
        Self { settings: Settings::new(&fields, encode_base64, new_ids, &UNSTRUCT_EVENT, &CONTEXTS) }
    }

    /// Encodes the lines of a block from `start` on, up to the first one that is not usual.
    fn encode(
        &self,
        py: Python<'_>,
        block: &Bound<'_, PyBytes>,
        start: usize,
        most: usize,
        line: usize,
        offset: usize,
    ) -> PyResult<EncodedLines> {
        panics::catch(|| {
            let settings = if replaced_uuid4(py)?.is_some() { None } else { self.settings.as_ref() };
            let Some(settings) = settings else { return Ok(EncodedLines::none(line, offset)) };
            let (now_ms, bytes) = (now_ms(py)?, block.as_bytes());
            let start = start.min(bytes.len());
            let read = py.detach(|| encode(settings, bytes, start, most, now_ms));
            Ok(EncodedLines {
                records: Mutex::new(Some(read.records)),
                entries: read.entries,
                before: Position { line, offset: offset.wrapping_sub(start) },
                after: Position { line: line + read.lines, offset: offset + read.end - start },
            })
        })
    }
}

struct Position {
    line: usize,
    offset: usize,
}

/// Records of consecutive lines.
#[pyclass(frozen, module = "snowplow_tracker._native")]
pub struct EncodedLines {
    /// None once they are stored.
    records: Mutex<Option<Output>>,
    entries: Vec<Entry>,
    /// The line before the first one, and where in the file the block starts.
    before: Position,
    after: Position,
}

impl EncodedLines {
    fn none(line: usize, offset: usize) -> Self {
        let [before, after] = [(); 2].map(|()| Position { line, offset });
        Self { records: Mutex::new(None), entries: Vec::new(), before, after }
    }
}

#[pymethods]
impl EncodedLines {
    fn __len__(&self) -> usize {
        self.entries.len()
    }

    /// The number of the last line that was read, whether it has a record or is empty.
    #[getter]
    fn last_line(&self) -> usize {
        self.after.line
    }

    /// The offset after it.
    #[getter]
    fn end_offset(&self) -> usize {
        self.after.offset
    }

    /// Returns the number of a record's line, and the offset after it.
    fn place(&self, index: usize) -> PyResult<(usize, usize)> {
        let entry = self.entries.get(index).ok_or_else(|| PyIndexError::new_err("no such record"))?;
        Ok((self.before.line + entry.lines, self.before.offset.wrapping_add(entry.end)))
    }

    /// Appends the records from index `start` up to, not including, `end` to a buffer. Only the first call does.
    fn store(&self, py: Python<'_>, buffer: &RecordBuffer, start: usize, end: usize) -> PyResult<()> {
        panics::catch(|| {
            let Some(records) = self.records.lock().unwrap_or_else(PoisonError::into_inner).take() else {
                return Ok(());
            };
            let mut record_start = 0;
            let all = self.entries.iter().map(|entry| {
                let record = &records[record_start..entry.record_end];
                record_start = entry.record_end;
                (record, entry.created_ms)
            });
            Ok(buffer.push_all(py, all.take(end).skip(start))?)
        })
    }
}
