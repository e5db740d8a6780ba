//! A queue of records in memory, which are joined into request bodies. It does not depend on Python.
//!
//! A record is one event as a complete JSON object without its sent time. Records are stored in chunks that are released as the records
//! are sent, so that appending never moves the records that are already queued.

use std::collections::VecDeque;
use std::ops::Range;

use super::chunk::{Chunk, STM_END, STM_START};
use super::chunk_pool::{PooledChunk, with_capacity};
use crate::output::NoMemory;

macro_rules! payload_data_schema {
    () => {
        "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    };
}

/// Schema of a request body that carries events.
pub const PAYLOAD_DATA_SCHEMA: &str = payload_data_schema!();

const BODY_START: &[u8] = concat!("{\"schema\":\"", payload_data_schema!(), "\",\"data\":[").as_bytes();
const BODY_END: &[u8] = b"]}";

/// Records that were taken for one request.
#[derive(Default)]
pub struct Batch {
    chunks: VecDeque<Chunk>,
}

impl Batch {
    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.entries.len()).sum()
    }

    /// Returns a copy of a range of its records.
    pub fn part(&self, range: Range<usize>) -> Result<Self, NoMemory> {
        let mut part = RecordQueue::new(usize::MAX);
        let mut records = self.records().take(range.end).skip(range.start);
        records.try_for_each(|(record, created_ms)| part.push(record, created_ms).map(drop))?;
        part.take(usize::MAX, usize::MAX)
    }

    /// Returns an upper bound of the length of its request body. Until the year 2286 it exceeds the length by at most 8 bytes a record.
    pub fn wire_len(&self) -> usize {
        let records: usize = self.chunks.iter().map(Chunk::wire_len).sum();
        BODY_START.len() + records + BODY_END.len()
    }

    /// Iterates over its records, oldest first, each with its creation time in milliseconds.
    fn records(&self) -> impl Iterator<Item = (&[u8], i64)> {
        self.chunks.iter().flat_map(Chunk::records)
    }

    /// Returns the body of a `payload_data` request. If a sent time is given, each record gets that or its creation time, whichever is
    /// later: enrichment corrects timestamps by the difference, and cannot do so if it is negative.
    pub fn body(&self, sent_ms: Option<i64>) -> Result<Vec<u8>, NoMemory> {
        self.join(BODY_START, sent_ms, BODY_END)
    }

    /// Returns a JSON array of its records, with their sent time if one is given.
    pub fn array(&self, sent_ms: Option<i64>) -> Result<Vec<u8>, NoMemory> {
        self.join(b"[", sent_ms, b"]")
    }

    fn join(&self, start: &[u8], sent_ms: Option<i64>, end: &[u8]) -> Result<Vec<u8>, NoMemory> {
        let (mut out, mut digits) = (with_capacity(self.wire_len())?, itoa::Buffer::new());
        out.extend_from_slice(start);
        for (index, (record, created_ms)) in self.records().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let Some(sent_ms) = sent_ms else {
                out.extend_from_slice(record);
                continue;
            };
            let (fields, _closing_brace) = record.split_at(record.len().saturating_sub(1));
            out.extend_from_slice(fields);
            out.extend_from_slice(if fields.len() > 1 { STM_START } else { &STM_START[1..] });
            out.extend_from_slice(digits.format(sent_ms.max(created_ms)).as_bytes());
            out.extend_from_slice(STM_END);
        }
        out.extend_from_slice(end);
        Ok(out)
    }
}

/// A bounded queue of records, oldest first. Records that were taken count towards the capacity until they are acknowledged.
pub struct RecordQueue {
    chunks: VecDeque<Chunk>,
    queued: usize,
    in_flight: usize,
    capacity: usize,
    sealed: bool,
    clears: usize,
}

/// The result of appending a record.
#[derive(Debug, PartialEq)]
pub enum PushResult {
    /// Appended: this many records are queued now.
    Queued(usize),
    /// Refused: the queue is full.
    Full,
    /// Refused: the queue is sealed.
    Sealed,
}

impl RecordQueue {
    /// Creates an empty queue for `capacity` records, those in flight included.
    pub fn new(capacity: usize) -> Self {
        Self { chunks: VecDeque::new(), queued: 0, in_flight: 0, capacity, sealed: false, clears: 0 }
    }

    /// Returns the largest number of records.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Sets the largest number of records.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    /// Returns the number of queued records.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Returns the number of records that were taken and are neither acknowledged nor requeued.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Returns the bytes of memory that the queued records take, index included.
    pub fn allocated(&self) -> usize {
        self.chunks.iter().map(Chunk::allocated).sum()
    }

    /// Returns the creation time of the oldest queued record, in milliseconds.
    pub fn oldest_ms(&self) -> Option<i64> {
        self.chunks.front()?.entries.front().map(|entry| entry.created_ms)
    }

    /// Refuses all further records.
    pub fn seal(&mut self) {
        self.sealed = true;
    }

    /// Appends a record. If there is no memory for it, the queue stays as it is.
    pub fn push(&mut self, record: &[u8], created_ms: i64) -> Result<PushResult, NoMemory> {
        if self.sealed {
            return Ok(PushResult::Sealed);
        }
        if self.queued + self.in_flight >= self.capacity {
            return Ok(PushResult::Full);
        }
        if !self.chunks.back().is_some_and(|chunk| chunk.has_room_for(record.len())) {
            if let Some(full) = self.chunks.back_mut() {
                full.entries.shrink_to_fit();
            }
            self.chunks.try_reserve(1).map_err(|_| NoMemory)?;
            let mut chunk = Chunk { bytes: PooledChunk::with_room_for(record.len())?, ..Chunk::default() };
            chunk.push(record, created_ms)?;
            self.chunks.push_back(chunk);
        } else if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(record, created_ms)?;
        }
        self.queued += 1;
        Ok(PushResult::Queued(self.queued))
    }

    /// Takes the oldest records, at most `max_events`, and as many as fit a body of `max_bytes`. A record that is larger is taken alone.
    /// Takes fewer if there is no memory for more, and fails if there is none for the first.
    pub fn take(&mut self, max_events: usize, max_bytes: usize) -> Result<Batch, NoMemory> {
        let mut batch = Batch::default();
        let mut taken = 0;
        while batch.chunks.try_reserve(1).is_ok()
            && let Some(chunk) = self.chunks.front_mut()
        {
            let room = max_bytes.saturating_sub(batch.wire_len());
            let is_alone = taken == 0 && max_events > 0 && chunk.entries.len() == 1;
            if is_alone || chunk.entries.len() <= max_events - taken && chunk.wire_len() <= room {
                taken += chunk.entries.len();
                batch.chunks.extend(self.chunks.pop_front());
                continue;
            }
            let mut front = chunk.split_front(max_events - taken, room);
            if taken + front.entries.len() == 0 && max_events > 0 {
                front = chunk.split_front(1, usize::MAX);
            }
            taken += front.entries.len();
            batch.chunks.push_back(front);
            break;
        }
        self.chunks.pop_front_if(|chunk| chunk.entries.is_empty());
        if taken == 0 && self.queued > 0 && max_events > 0 {
            return Err(NoMemory);
        }
        self.queued -= taken;
        self.in_flight += taken;
        Ok(batch)
    }

    /// Acknowledges `count` records in flight: they no longer count.
    pub fn ack(&mut self, count: usize) {
        self.in_flight = self.in_flight.saturating_sub(count);
    }

    /// Puts a batch back at the front of the queue.
    pub fn requeue(&mut self, batch: Batch) {
        let count = batch.len();
        self.ack(count);
        self.queued += count;
        for mut chunk in batch.chunks.into_iter().rev() {
            // Nothing is appended to it any more. Without this, unused memory would add up while the collector is down.
            chunk.bytes.shrink_to_fit();
            chunk.entries.shrink_to_fit();
            self.chunks.push_front(chunk);
        }
    }

    /// Removes all records, those in flight included.
    pub fn clear(&mut self) {
        *self = Self { clears: self.clears + 1, ..Self::new(self.capacity) };
    }

    /// Returns how often it was cleared: a batch that was taken before belongs to it no more.
    pub fn clears(&self) -> usize {
        self.clears
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, PushResult, RecordQueue};
    use proptest::prelude::*;

    fn record(number: usize, padding: usize) -> Vec<u8> {
        format!("{{\"n\":\"{number}{}\"}}", "x".repeat(padding)).into_bytes()
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    fn numbers(batch: &Batch) -> Vec<usize> {
        batch
            .records()
            .map(|(record, _)| {
                let digits = record[6..].iter().take_while(|byte| byte.is_ascii_digit());
                text(digits.copied().collect()).parse().unwrap()
            })
            .collect()
    }

    #[test]
    fn a_body_has_the_later_of_sent_and_created_time() {
        let mut queue = RecordQueue::new(10);
        queue.push(b"{\"e\":\"pv\"}", 5).unwrap();
        queue.push(b"{}", 900).unwrap();
        assert_eq!(
            text(queue.take(10, 1_000).unwrap().body(Some(70)).unwrap()),
            "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4\",\"data\":\
             [{\"e\":\"pv\",\"stm\":\"70\"},{\"stm\":\"900\"}]}"
        );
    }

    #[test]
    fn refuses_records_when_full() {
        let mut queue = RecordQueue::new(2);
        assert_eq!(queue.push(b"{}", 0), Ok(PushResult::Queued(1)));
        assert_eq!(queue.push(b"{}", 0), Ok(PushResult::Queued(2)));
        let batch = queue.take(1, 1_000).unwrap();
        assert_eq!(queue.push(b"{}", 0), Ok(PushResult::Full));
        queue.ack(batch.len());
        assert_eq!(queue.push(b"{}", 0), Ok(PushResult::Queued(2)));
    }

    #[test]
    fn a_record_larger_than_a_body_is_taken_alone() {
        let mut queue = RecordQueue::new(10);
        for (number, padding) in [(0, 5_000), (1, 5), (2, 5_000)] {
            queue.push(&record(number, padding), 0).unwrap();
        }
        let batches: Vec<_> = (0..3).map(|_| numbers(&queue.take(10, 1_000).unwrap())).collect();
        assert_eq!(batches, [[0], [1], [2]]);
    }

    #[test]
    fn a_part_is_a_copy() {
        let mut queue = RecordQueue::new(10);
        for number in 0..5 {
            queue.push(&record(number, 20_000), 7).unwrap();
        }
        let batch = queue.take(5, 1_000_000).unwrap();
        assert_eq!(
            [0..2, 2..5, 4..9, 5..5].map(|places| numbers(&batch.part(places).unwrap())),
            [&[0, 1][..], &[2, 3, 4], &[4], &[]]
        );
        assert_eq!(batch.part(0..5).unwrap().body(Some(1)), batch.body(Some(1)));
    }

    #[test]
    fn memory_stays_bounded_through_retries() {
        let mut queue = RecordQueue::new(usize::MAX);
        for number in 0..1_000 {
            let batch = queue.take(10, 1_000_000).unwrap();
            queue.push(&record(number, 400), 0).unwrap();
            queue.requeue(batch);
        }
        assert!(queue.allocated() < 1_000 * 450 + 2 * 32 * 1024);
    }

    proptest! {
        /// However records are taken, requeued and acknowledged, all are sent, in order, in bodies within the limits.
        #[test]
        fn order_and_bounds_hold(
            paddings in prop::collection::vec(prop_oneof![4 => 0..400_usize, 1 => 0..90_000_usize], 0..120),
            steps in prop::collection::vec((1..50_usize, 1_000..200_000_usize, prop::bool::ANY), 1..60),
        ) {
            let mut queue = RecordQueue::new(usize::MAX);
            for (number, padding) in paddings.iter().enumerate() {
                queue.push(&record(number, *padding), 0).unwrap();
            }
            let mut sent = Vec::new();
            for (events, bytes, fails) in steps.into_iter().chain(std::iter::repeat_n((50, 150_000, false), 200)) {
                let batch = queue.take(events, bytes).unwrap();
                prop_assert!(batch.len() <= events);
                prop_assert!(batch.body(Some(i64::MAX)).unwrap().len() <= batch.wire_len());
                prop_assert!(batch.len() <= 1 || batch.wire_len() <= bytes);
                if fails {
                    queue.requeue(batch);
                } else {
                    sent.extend(numbers(&batch));
                    queue.ack(batch.len());
                }
            }
            prop_assert_eq!(sent, (0..paddings.len()).collect::<Vec<_>>());
            prop_assert_eq!((queue.queued(), queue.in_flight()), (0, 0));
        }
    }
}
