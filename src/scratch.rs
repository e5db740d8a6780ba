//! Buffers for encoding that each thread reuses from one event to the next.

use std::cell::RefCell;
use std::mem;

use crate::output::Output;

/// Larger buffers are freed, so that one huge event does not cost memory for ever.
const MAX_REUSED_BYTES: usize = 256 * 1024;
/// One buffer for a record, and one for the JSON inside it. More are in use only while a `json_encoder` itself tracks events.
const MAX_REUSED_BUFFERS: usize = 2;

thread_local! {
    static BUFFERS: RefCell<Vec<Output>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that returns to its thread when it is dropped.
struct Lent(Output);

impl Lent {
    fn new() -> Self {
        let mut lent = Self(BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_default());
        lent.0.clear();
        lent
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        BUFFERS.with_borrow_mut(|buffers| {
            if self.0.capacity() <= MAX_REUSED_BYTES && buffers.len() < MAX_REUSED_BUFFERS {
                buffers.push(mem::take(&mut self.0));
            }
        });
    }
}

/// Calls `work` with an empty buffer. `work` may call this function again on the same thread: a `json_encoder` may track events.
pub fn with_buffer<T>(work: impl FnOnce(&mut Output) -> T) -> T {
    work(&mut Lent::new().0)
}
