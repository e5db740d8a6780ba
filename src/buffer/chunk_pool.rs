//! A pool of chunks. A new chunk would cost a page fault for every 4 KiB, which takes a fifth of tracking an event.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use crate::output::NoMemory;

/// The size of a chunk, unless a single record is larger.
const CHUNK_BYTES: usize = 32 * 1024;
/// The most chunks in the pool: 4 MiB.
const MAX_POOLED_CHUNKS: usize = 128;

static POOL: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The bytes of a chunk. Its memory returns to the pool when it is dropped.
#[derive(Default)]
pub struct PooledChunk(Vec<u8>);

impl PooledChunk {
    /// Creates an empty chunk with room for a record of this length.
    pub fn with_room_for(record: usize) -> Result<Self, NoMemory> {
        if record > CHUNK_BYTES {
            return Ok(Self(with_capacity(record)?));
        }
        // If the lock is taken, memory comes from the system. In a forked child it may be taken for ever.
        let pooled = POOL.try_lock().ok().and_then(|mut pool| pool.pop());
        Ok(Self(pooled.map_or_else(|| with_capacity(CHUNK_BYTES), Ok)?))
    }
}

/// Returns an empty vector, or fails if there is no memory.
pub fn with_capacity(capacity: usize) -> Result<Vec<u8>, NoMemory> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(capacity).map_err(|_| NoMemory)?;
    Ok(bytes)
}

impl Drop for PooledChunk {
    fn drop(&mut self) {
        if self.0.capacity() == CHUNK_BYTES
            && let Ok(mut pool) = POOL.try_lock()
            && pool.len() < MAX_POOLED_CHUNKS
            && pool.try_reserve(1).is_ok()
        {
            self.0.clear();
            pool.push(mem::take(&mut self.0));
        }
    }
}

impl Deref for PooledChunk {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for PooledChunk {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, PooledChunk};

    #[test]
    fn starts_empty_with_room_for_the_record() {
        for length in [1, CHUNK_BYTES, CHUNK_BYTES + 1] {
            let mut used = PooledChunk::with_room_for(length).unwrap();
            used.extend_from_slice(&vec![b'x'; length]);
            drop(used);
            let next = PooledChunk::with_room_for(length).unwrap();
            assert!(next.is_empty() && next.capacity() >= length);
        }
    }
}
