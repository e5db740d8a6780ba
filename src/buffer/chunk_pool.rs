//! A pool of chunks. A new chunk would cost a page fault for every 4 KiB, which takes a fifth of tracking an event.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use crate::output::NoMemory;

/// The size of a chunk, unless a single record is larger.
const CHUNK_BYTES: usize = 32 * 1024;
/// The most chunks in the pool: 4 MiB.
const MAX_POOLED_CHUNKS: usize = 128;
/// The most bytes in the pool of larger chunks.
const MAX_POOLED_LARGE_BYTES: usize = 4 * 1024 * 1024;
/// Larger chunks have a multiple of this size, so that one fits records of similar sizes.
const LARGE_STEP_BYTES: usize = 4 * 1024;

static POOL: Mutex<Pool> = Mutex::new(Pool { chunks: Vec::new(), large: Vec::new(), large_bytes: 0 });

/// Empty vectors whose memory is used again.
struct Pool {
    chunks: Vec<Vec<u8>>,
    /// For records larger than a chunk.
    large: Vec<Vec<u8>>,
    large_bytes: usize,
}

impl Pool {
    fn take(&mut self, record: usize) -> Option<Vec<u8>> {
        if record <= CHUNK_BYTES {
            return self.chunks.pop();
        }
        // A much larger chunk would waste memory.
        let fits = record..=record + record / 16 + LARGE_STEP_BYTES;
        let place = self.large.iter().rposition(|chunk| fits.contains(&chunk.capacity()))?;
        let chunk = self.large.swap_remove(place);
        self.large_bytes -= chunk.capacity();
        Some(chunk)
    }

    fn put(&mut self, mut chunk: Vec<u8>) {
        let size = chunk.capacity();
        let is_large = size > CHUNK_BYTES;
        let has_place = if is_large {
            self.large_bytes + size <= MAX_POOLED_LARGE_BYTES
        } else {
            size == CHUNK_BYTES && self.chunks.len() < MAX_POOLED_CHUNKS
        };
        let pooled = if is_large { &mut self.large } else { &mut self.chunks };
        if has_place && pooled.try_reserve(1).is_ok() {
            chunk.clear();
            pooled.push(chunk);
            self.large_bytes += if is_large { size } else { 0 };
        }
    }
}

/// The bytes of a chunk. Its memory returns to the pool when it is dropped.
#[derive(Default)]
pub struct PooledChunk(Vec<u8>);

impl PooledChunk {
    /// Creates an empty chunk with room for a record of this length.
    pub fn with_room_for(record: usize) -> Result<Self, NoMemory> {
        // If the lock is taken, memory comes from the system. In a forked child it may be taken for ever.
        let pooled = POOL.try_lock().ok().and_then(|mut pool| pool.take(record));
        let size = if record > CHUNK_BYTES { record.next_multiple_of(LARGE_STEP_BYTES) } else { CHUNK_BYTES };
        Ok(Self(pooled.map_or_else(|| with_capacity(size), Ok)?))
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
        if self.0.capacity() >= CHUNK_BYTES
            && let Ok(mut pool) = POOL.try_lock()
        {
            pool.put(mem::take(&mut self.0));
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
    use super::{CHUNK_BYTES, LARGE_STEP_BYTES, MAX_POOLED_LARGE_BYTES, Pool, PooledChunk};

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

    fn empty_pool() -> Pool {
        Pool { chunks: Vec::new(), large: Vec::new(), large_bytes: 0 }
    }

    #[test]
    fn large_memory_is_used_again_for_records_of_a_similar_size() {
        let mut pool = empty_pool();
        pool.put(Vec::with_capacity(100 * LARGE_STEP_BYTES));
        assert!(pool.take(101 * LARGE_STEP_BYTES).is_none());
        assert!(pool.take(50 * LARGE_STEP_BYTES).is_none());
        assert!(pool.take(99 * LARGE_STEP_BYTES).is_some());
        assert!(pool.take(99 * LARGE_STEP_BYTES).is_none());
    }

    #[test]
    fn keeps_no_more_large_memory_than_allowed() {
        let mut pool = empty_pool();
        for _ in 0..5 {
            pool.put(Vec::with_capacity(MAX_POOLED_LARGE_BYTES / 3));
        }
        assert_eq!((pool.large.len(), pool.large_bytes), (3, MAX_POOLED_LARGE_BYTES / 3 * 3));
        while pool.take(MAX_POOLED_LARGE_BYTES / 3).is_some() {}
        assert_eq!(pool.large_bytes, 0);
    }
}
