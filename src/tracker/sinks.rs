//! Where a record goes: into the buffers of all emitters.

use pyo3::prelude::*;

use crate::emitter::RecordSink;

/// The sinks of all emitters. There is nearly always one.
pub enum RecordSinks<'py> {
    /// The usual one.
    One(RecordSink<'py>),
    /// None, or several.
    Many(Vec<RecordSink<'py>>),
}

impl RecordSinks<'_> {
    /// Appends a record to each sink.
    pub fn push(&self, record: &[u8], created_ms: i64) -> PyResult<()> {
        match self {
            Self::One(sink) => sink.push(record, created_ms),
            Self::Many(sinks) => {
                // An exception of one emitter is raised only after all emitters have the event.
                let results: Vec<_> = sinks.iter().map(|sink| sink.push(record, created_ms)).collect();
                results.into_iter().collect()
            }
        }
    }

    /// Counts an event as dropped for which there was no memory.
    #[cold]
    pub fn count_dropped(&self) {
        match self {
            Self::One(sink) => sink.count_dropped(),
            Self::Many(sinks) => sinks.iter().for_each(RecordSink::count_dropped),
        }
    }
}
