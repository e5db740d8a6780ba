//! Records in memory: first in, first out, contiguous, and joined into request bodies. No Python in sight.
//!
//! A record is one event as a finished JSON object without its sent time. Records lie in chunks that are released as they
//! are sent, so that appending never moves what waits already.

use std::collections::VecDeque;
use std::ops::Range;

use crate::chunk_memory::ChunkMemory;

macro_rules! payload_data_schema {
    () => {
        "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    };
}

/// Schema of a request body that carries events.
pub const PAYLOAD_DATA_SCHEMA: &str = payload_data_schema!();

const BODY_START: &[u8] = concat!("{\"schema\":\"", payload_data_schema!(), "\",\"data\":[").as_bytes();
const BODY_END: &[u8] = b"]}";
const STM_START: &[u8] = b",\"stm\":\"";
const STM_END: &[u8] = b"\"}";
/// What a record grows by on the wire: its sent time in milliseconds (13 digits until the year 2286, 20 at most), and a comma.
const RECORD_OVERHEAD: usize = STM_START.len() + 20 + 1 + 1;

struct Entry {
    end: usize,
    created_ms: i64,
}

/// Some records, one behind the other in one allocation.
#[derive(Default)]
struct Chunk {
    bytes: ChunkMemory,
    entries: VecDeque<Entry>,
    /// Where the first record starts: what lies before it has been taken.
    start: usize,
}

impl Chunk {
    fn with_room_for(record: usize) -> Self {
        Self { bytes: ChunkMemory::with_room_for(record), ..Self::default() }
    }

    fn has_room_for(&self, record: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= record
    }

    fn push(&mut self, record: &[u8], created_ms: i64) {
        self.bytes.extend_from_slice(record);
        self.entries.push_back(Entry { end: self.bytes.len(), created_ms });
    }

    /// Its records' length on the wire.
    fn wire_len(&self) -> usize {
        self.bytes.len() - self.start + self.entries.len() * RECORD_OVERHEAD
    }

    fn records(&self) -> impl Iterator<Item = (&[u8], i64)> {
        self.entries.iter().scan(self.start, |start, entry| {
            let record = &self.bytes[*start..entry.end];
            *start = entry.end;
            Some((record, entry.created_ms))
        })
    }

    /// Moves records from its front to a chunk of their own while they fit `events` and `wire_bytes`.
    fn split_front(&mut self, events: usize, wire_bytes: usize) -> Self {
        let mut front = Self::default();
        while front.entries.len() < events {
            let Some(entry) = self.entries.front() else { break };
            let record = &self.bytes[self.start..entry.end];
            if front.wire_len() + record.len() + RECORD_OVERHEAD > wire_bytes {
                break;
            }
            front.push(record, entry.created_ms);
            self.start = entry.end;
            self.entries.pop_front();
        }
        front
    }
}

/// Records on their way out as one request body.
#[derive(Default)]
pub struct Batch {
    chunks: VecDeque<Chunk>,
}

impl Batch {
    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.entries.len()).sum()
    }

    /// A copy of its records from one place to before another.
    #[must_use]
    pub fn part(&self, places: Range<usize>) -> Self {
        let mut part = Records::new(usize::MAX);
        for (record, created_ms) in self.records().take(places.end).skip(places.start) {
            part.push(record, created_ms);
        }
        part.take(usize::MAX, usize::MAX)
    }

    /// An upper bound of its body's length in bytes, at most 8 bytes a record above the length that it will have.
    pub fn wire_len(&self) -> usize {
        let records: usize = self.chunks.iter().map(Chunk::wire_len).sum();
        BODY_START.len() + records + BODY_END.len()
    }

    /// Its records, oldest first, each with the time of its creation in milliseconds.
    fn records(&self) -> impl Iterator<Item = (&[u8], i64)> {
        self.chunks.iter().flat_map(Chunk::records)
    }

    /// The body of a `payload_data` request. Where a sent time is given, each record was sent then or at its own creation, whichever
    /// is later: enrichment corrects the clock by the difference, and cannot where it is negative.
    pub fn body(&self, sent_ms: Option<i64>) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.wire_len());
        out.extend_from_slice(BODY_START);
        self.append_records(&mut out, sent_ms);
        out.extend_from_slice(BODY_END);
        out
    }

    /// A JSON array of its records, with their sent time where one is given.
    pub fn array(&self, sent_ms: Option<i64>) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.wire_len());
        out.push(b'[');
        self.append_records(&mut out, sent_ms);
        out.push(b']');
        out
    }

    fn append_records(&self, out: &mut Vec<u8>, sent_ms: Option<i64>) {
        let mut digits = itoa::Buffer::new();
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
    }
}

/// A bounded queue of records, oldest first. What was taken counts until it is answered for.
pub struct Records {
    chunks: VecDeque<Chunk>,
    waiting: usize,
    in_flight: usize,
    capacity: usize,
    sealed: bool,
}

/// What became of a record.
#[derive(Debug, PartialEq)]
pub enum Pushed {
    /// Appended; so many wait now.
    Waiting(usize),
    /// Refused, since the queue is full.
    Full,
    /// Refused, since records go elsewhere now.
    Sealed,
}

impl Records {
    /// An empty queue that holds `capacity` records, those in flight included.
    pub fn new(capacity: usize) -> Self {
        Self { chunks: VecDeque::new(), waiting: 0, in_flight: 0, capacity, sealed: false }
    }

    /// How many records it may hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Changes how many records it may hold.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    /// How many records wait to be taken.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many records were taken and are not yet answered for.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The bytes that its memory takes, index included.
    pub fn allocated(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.capacity() + chunk.entries.capacity() * size_of::<Entry>()).sum()
    }

    /// The creation time of the oldest record that waits, in milliseconds.
    pub fn oldest_ms(&self) -> Option<i64> {
        self.chunks.front()?.entries.front().map(|entry| entry.created_ms)
    }

    /// Takes no more records from here on.
    pub fn seal(&mut self) {
        self.sealed = true;
    }

    /// Appends a record.
    pub fn push(&mut self, record: &[u8], created_ms: i64) -> Pushed {
        if self.sealed {
            return Pushed::Sealed;
        }
        if self.waiting + self.in_flight >= self.capacity {
            return Pushed::Full;
        }
        if !self.chunks.back().is_some_and(|chunk| chunk.has_room_for(record.len())) {
            if let Some(full) = self.chunks.back_mut() {
                full.entries.shrink_to_fit();
            }
            self.chunks.push_back(Chunk::with_room_for(record.len()));
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(record, created_ms);
        }
        self.waiting += 1;
        Pushed::Waiting(self.waiting)
    }

    /// Takes the oldest records, at most `max_events` and as many as fit a body of `max_bytes`, yet never none while any waits.
    pub fn take(&mut self, max_events: usize, max_bytes: usize) -> Batch {
        let mut batch = Batch::default();
        let mut taken = 0;
        while let Some(chunk) = self.chunks.front_mut() {
            let room = max_bytes.saturating_sub(batch.wire_len());
            if chunk.entries.len() <= max_events - taken && chunk.wire_len() <= room {
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
        self.waiting -= taken;
        self.in_flight += taken;
        batch
    }

    /// Acknowledges `count` records in flight: they are no longer counted.
    pub fn ack(&mut self, count: usize) {
        self.in_flight = self.in_flight.saturating_sub(count);
    }

    /// Puts a batch back before everything that waits.
    pub fn requeue(&mut self, batch: Batch) {
        let count = batch.len();
        self.ack(count);
        self.waiting += count;
        for mut chunk in batch.chunks.into_iter().rev() {
            // It takes no more records: while a collector is down, unused room would add up.
            chunk.bytes.shrink_to_fit();
            chunk.entries.shrink_to_fit();
            self.chunks.push_front(chunk);
        }
    }

    /// Forgets everything, in flight or not.
    pub fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Pushed, Records};
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
                let digits = text(record.to_vec());
                digits[6..].trim_end_matches(['x', '"', '}']).parse().unwrap()
            })
            .collect()
    }

    #[test]
    fn a_body_has_the_later_of_sent_and_created_time() {
        let mut records = Records::new(10);
        records.push(b"{\"e\":\"pv\"}", 5);
        records.push(b"{}", 900);
        assert_eq!(
            text(records.take(10, 1_000).body(Some(70))),
            "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4\",\"data\":\
             [{\"e\":\"pv\",\"stm\":\"70\"},{\"stm\":\"900\"}]}"
        );
    }

    #[test]
    fn refuses_when_waiting_and_in_flight_fill_it() {
        let mut records = Records::new(2);
        assert_eq!(records.push(b"{}", 0), Pushed::Waiting(1));
        assert_eq!(records.push(b"{}", 0), Pushed::Waiting(2));
        let batch = records.take(1, 1_000);
        assert_eq!(records.push(b"{}", 0), Pushed::Full);
        records.ack(batch.len());
        assert_eq!(records.push(b"{}", 0), Pushed::Waiting(2));
    }

    #[test]
    fn a_record_beyond_any_body_leaves_alone() {
        let mut records = Records::new(10);
        for (number, padding) in [(0, 5_000), (1, 5), (2, 5_000)] {
            records.push(&record(number, padding), 0);
        }
        let batches: Vec<_> = (0..3).map(|_| numbers(&records.take(10, 1_000))).collect();
        assert_eq!(batches, [[0], [1], [2]]);
    }

    #[test]
    fn a_part_is_a_copy() {
        let mut records = Records::new(10);
        for number in 0..5 {
            records.push(&record(number, 20_000), 7);
        }
        let batch = records.take(5, 1_000_000);
        assert_eq!(
            [0..2, 2..5, 4..9, 5..5].map(|places| numbers(&batch.part(places))),
            [&[0, 1][..], &[2, 3, 4], &[4], &[]]
        );
        assert_eq!(batch.part(0..5).body(Some(1)), batch.body(Some(1)));
    }

    #[test]
    fn memory_stays_with_what_waits_through_retries() {
        let mut records = Records::new(usize::MAX);
        for number in 0..1_000 {
            let batch = records.take(10, 1_000_000);
            records.push(&record(number, 400), 0);
            records.requeue(batch);
        }
        assert!(records.allocated() < 1_000 * 450 + 2 * 32 * 1024);
    }

    proptest! {
        /// Whatever is taken, given back or answered for: all leave, in order, in bodies within bounds.
        #[test]
        fn order_and_bounds_hold(
            paddings in prop::collection::vec(prop_oneof![4 => 0..400_usize, 1 => 0..90_000_usize], 0..120),
            steps in prop::collection::vec((1..50_usize, 1_000..200_000_usize, prop::bool::ANY), 1..60),
        ) {
            let mut records = Records::new(usize::MAX);
            for (number, padding) in paddings.iter().enumerate() {
                records.push(&record(number, *padding), 0);
            }
            let mut sent = Vec::new();
            for (events, bytes, fails) in steps.into_iter().chain(std::iter::repeat_n((50, 150_000, false), 200)) {
                let batch = records.take(events, bytes);
                prop_assert!(batch.len() <= events);
                prop_assert!(batch.body(Some(i64::MAX)).len() <= batch.wire_len());
                prop_assert!(batch.len() <= 1 || batch.wire_len() <= bytes);
                if fails {
                    records.requeue(batch);
                } else {
                    sent.extend(numbers(&batch));
                    records.ack(batch.len());
                }
            }
            prop_assert_eq!(sent, (0..paddings.len()).collect::<Vec<_>>());
            prop_assert_eq!((records.waiting(), records.in_flight()), (0, 0));
        }
    }
}
