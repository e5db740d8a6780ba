//! Buffers that encoding writes to, kept by each thread from one event to the next.

use std::cell::Cell;

/// A buffer beyond this is given back to the system: one huge event must not cost memory for ever.
const KEPT_BYTES: usize = 256 * 1024;

thread_local! {
    static KEPT: Cell<Option<Vec<u8>>> = const { Cell::new(None) };
}

/// Calls `work` with an empty buffer. It may come back here on the same thread: a `json_encoder` may track events itself.
pub fn with_buffer<T>(work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut buffer = KEPT.take().unwrap_or_default();
    buffer.clear();
    let result = work(&mut buffer);
    if buffer.capacity() <= KEPT_BYTES {
        KEPT.set(Some(buffer));
    }
    result
}
