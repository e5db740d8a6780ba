//! Benchmarks of the parts that need no interpreter: `cargo bench --no-default-features`.

#![expect(clippy::unwrap_used, reason = "a benchmark without memory may panic")]

use _native::buffer::queue::RecordQueue;
use _native::json::escape;
use _native::output::Output;
use _native::{base64, event_id};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Lengths of a string in bytes: a short field, a URL, a long text.
const LENGTHS: [usize; 4] = [7, 40, 300, 64 * 1024];

/// Returns this many bytes of a sentence that needs no escape.
fn sentence(length: usize) -> String {
    "Blue shoes, size 44, for the way to work. ".chars().cycle().take(length).collect()
}

/// Appends to the same buffer in each round, as `track` does with its scratch buffer.
fn append(bencher: Bencher, input: &str, work: impl Fn(&mut Output, &[u8])) {
    let mut out = Output::new();
    bencher.counter(BytesCount::of_str(input)).bench_local(|| {
        out.clear();
        work(&mut out, black_box(input.as_bytes()));
    });
}

#[divan::bench(args = LENGTHS)]
fn escape_plain(bencher: Bencher, length: usize) {
    append(bencher, &sentence(length), escape::append_string);
}

/// Two letters of ten bytes are not ASCII. None needs an escape.
#[divan::bench(args = LENGTHS)]
fn escape_umlauts(bencher: Bencher, length: usize) {
    let input: String = "Grüße, Straße ".chars().cycle().take(length).collect();
    append(bencher, &input, escape::append_string);
}

/// One byte in twenty needs an escape, as in JSON inside JSON.
#[divan::bench(args = LENGTHS)]
fn escape_quotes(bencher: Bencher, length: usize) {
    append(bencher, &sentence(length).replace(", ", "\", "), escape::append_string);
}

#[divan::bench(args = LENGTHS)]
fn base64_of_json(bencher: Bencher, length: usize) {
    append(bencher, &sentence(length), base64::append);
}

#[divan::bench]
fn event_id_as_text() -> bool {
    event_id::new_event_id(0).is_ok()
}

/// Lengths of a record in bytes: a page view, a self-describing event with contexts, an event with much data.
const RECORDS: [usize; 3] = [300, 1_200, 12_000];
const QUEUED: usize = 1_000;

fn record(length: usize) -> String {
    format!("{{\"e\":\"pv\",\"page\":\"{}\"}}", sentence(length))
}

fn filled(record: &str) -> RecordQueue {
    let mut queue = RecordQueue::new(usize::MAX);
    for _ in 0..QUEUED {
        queue.push(record.as_bytes(), 1_767_225_600_000).unwrap();
    }
    queue
}

/// Appends a thousand records to an empty queue.
#[divan::bench(args = RECORDS)]
fn push(bencher: Bencher, length: usize) {
    let record = record(length);
    bencher.counter(BytesCount::new(QUEUED * record.len())).bench(|| filled(black_box(&record)));
}

/// Joins a thousand records into bodies of a hundred, each with its sent time.
#[divan::bench(args = RECORDS)]
fn take_and_join(bencher: Bencher, length: usize) {
    let record = record(length);
    bencher.counter(BytesCount::new(QUEUED * record.len())).with_inputs(|| filled(&record)).bench_values(
        |mut queue| {
            let mut bytes = 0;
            while queue.queued() > 0 {
                let batch = queue.take(100, 1_000_000).unwrap();
                bytes += batch.body(Some(1_767_225_600_500)).unwrap().len();
                queue.ack(batch.len());
            }
            bytes
        },
    );
}
