//! Event ids: version 4 UUIDs (RFC 9562) out of randomness that is drawn many ids at a time.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

const POOLED_IDS: usize = 256;
const ID_BYTES: usize = 16;

/// Goes up in a forked child, so that it does not hand out what its parent still holds.
static GENERATION: AtomicU64 = AtomicU64::new(0);

struct Pool {
    bytes: [u8; POOLED_IDS * ID_BYTES],
    used: usize,
    generation: u64,
}

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { bytes: [0; POOLED_IDS * ID_BYTES], used: POOLED_IDS * ID_BYTES, generation: 0 })
    };
}

/// Throws pooled randomness away in every thread. To be called in a child after a fork.
pub fn forget_pooled_randomness() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A new id in its canonical text form, 36 ASCII characters. Fails where the system has no randomness to give.
pub fn new_event_id() -> Result<[u8; 36], getrandom::Error> {
    POOL.with_borrow_mut(|pool| {
        let generation = GENERATION.load(Ordering::Relaxed);
        if pool.used == pool.bytes.len() || pool.generation != generation {
            getrandom::fill(&mut pool.bytes)?;
            pool.used = 0;
            pool.generation = generation;
        }
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&pool.bytes[pool.used..pool.used + ID_BYTES]);
        pool.used += ID_BYTES;
        Ok(canonical(id))
    })
}

fn canonical(mut id: [u8; ID_BYTES]) -> [u8; 36] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in id.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = HEX[usize::from(byte >> 4)];
        text[at + 1] = HEX[usize::from(byte & 0xf)];
        at += 2;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{canonical, forget_pooled_randomness, new_event_id};
    use std::collections::HashSet;

    #[test]
    fn sets_version_and_variant() {
        assert_eq!(&canonical([0xff; 16]), b"ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(&canonical([0x00; 16]), b"00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn never_repeats_across_refills_and_forks() {
        let mut seen = HashSet::new();
        for round in 0..2_000 {
            if round % 100 == 0 {
                forget_pooled_randomness();
            }
            assert!(seen.insert(new_event_id().unwrap()));
        }
    }
}
