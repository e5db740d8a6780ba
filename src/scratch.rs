//! Buffers that encoding writes to, kept by each thread from one event to the next.

use std::cell::RefCell;

/// A buffer beyond this is given back to the system: one huge event must not cost memory for ever.
const KEPT_BYTES: usize = 256 * 1024;
/// One for a record and one for the JSON inside it; any others belong to events that a `json_encoder` tracks meanwhile.
const KEPT_BUFFERS: usize = 2;

thread_local! {
    static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with an empty buffer. It may come back here on the same thread: a `json_encoder` may track events itself.
pub fn with_buffer<T>(work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut buffer = KEPT.with_borrow_mut(Vec::pop).unwrap_or_default();
    buffer.clear();
    let result = work(&mut buffer);
    KEPT.with_borrow_mut(|kept| {
        if buffer.capacity() <= KEPT_BYTES && kept.len() < KEPT_BUFFERS {
            kept.push(buffer);
        }
    });
    result
}
