//! Contiguous records in one allocation.

use std::collections::VecDeque;

use super::chunk_pool::PooledChunk;
use crate::output::NoMemory;

pub const STM_START: &[u8] = b",\"stm\":\"";
pub const STM_END: &[u8] = b"\"}";
/// The most bytes that a request adds to a record: its sent time in milliseconds (13 digits until the year 2286, at most 20) and a comma.
pub const RECORD_OVERHEAD: usize = STM_START.len() + 20 + 1 + 1;

/// Where one record ends.
pub struct Entry {
    /// Where the record ends.
    pub end: usize,
    /// When the event was created, in milliseconds since 1970.
    pub created_ms: i64,
}

/// Contiguous records in one allocation.
#[derive(Default)]
pub struct Chunk {
    pub bytes: PooledChunk,
    pub entries: VecDeque<Entry>,
    /// Where the first record starts. The bytes before it belong to records that were taken.
    pub start: usize,
}

impl Chunk {
    pub fn has_room_for(&self, record: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= record
    }

    pub fn push(&mut self, record: &[u8], created_ms: i64) -> Result<(), NoMemory> {
        self.entries.try_reserve(1).map_err(|_| NoMemory)?;
        self.bytes.try_reserve(record.len()).map_err(|_| NoMemory)?;
        self.bytes.extend_from_slice(record);
        self.entries.push_back(Entry { end: self.bytes.len(), created_ms });
        Ok(())
    }

    /// Returns the bytes of memory that it takes.
    pub fn allocated(&self) -> usize {
        self.bytes.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// Returns the most bytes that its records need in a request.
    pub fn wire_len(&self) -> usize {
        self.bytes.len() - self.start + self.entries.len() * RECORD_OVERHEAD
    }

    pub fn records(&self) -> impl Iterator<Item = (&[u8], i64)> {
        self.entries.iter().scan(self.start, |start, entry| {
            let record = &self.bytes[*start..entry.end];
            *start = entry.end;
            Some((record, entry.created_ms))
        })
    }

    /// Moves records from its front to a new chunk: at most `events`, as many as need at most `wire_bytes` in a request, and as memory allows.
    pub fn split_front(&mut self, events: usize, wire_bytes: usize) -> Self {
        let mut front = Self::default();
        while front.entries.len() < events {
            let Some(entry) = self.entries.front() else { break };
            let record = &self.bytes[self.start..entry.end];
            if front.wire_len() + record.len() + RECORD_OVERHEAD > wire_bytes {
                break;
            }
            if front.push(record, entry.created_ms).is_err() {
                break;
            }
            self.start = entry.end;
            self.entries.pop_front();
        }
        front
    }
}
