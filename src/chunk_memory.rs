//! The memory of chunks. That of a chunk which is done with is kept for the next one: what the system takes back, it gives again page by
//! page, which costs a fifth of tracking an event.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// How large a chunk is, unless a single record is larger.
const CHUNK_BYTES: usize = 32 * 1024;
/// At most so much is kept: 4 MiB.
const KEPT_CHUNKS: usize = 128;

static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The bytes of a chunk.
#[derive(Default)]
pub struct ChunkMemory(Vec<u8>);

impl ChunkMemory {
    /// Empty, with room for a record of that length.
    pub fn with_room_for(record: usize) -> Self {
        if record > CHUNK_BYTES {
            return Self(Vec::with_capacity(record));
        }
        // Where the lock is taken, in a forked child for ever, memory comes from the system.
        let kept = KEPT.try_lock().ok().and_then(|mut kept| kept.pop());
        Self(kept.unwrap_or_else(|| Vec::with_capacity(CHUNK_BYTES)))
    }
}

impl Drop for ChunkMemory {
    fn drop(&mut self) {
        if self.0.capacity() == CHUNK_BYTES
            && let Ok(mut kept) = KEPT.try_lock()
            && kept.len() < KEPT_CHUNKS
        {
            self.0.clear();
            kept.push(mem::take(&mut self.0));
        }
    }
}

impl Deref for ChunkMemory {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for ChunkMemory {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, ChunkMemory};

    #[test]
    fn begins_empty_with_room_for_the_record() {
        for length in [1, CHUNK_BYTES, CHUNK_BYTES + 1] {
            let mut used = ChunkMemory::with_room_for(length);
            used.extend_from_slice(&vec![b'x'; length]);
            drop(used);
            let next = ChunkMemory::with_room_for(length);
            assert!(next.is_empty() && next.capacity() >= length);
        }
    }
}
