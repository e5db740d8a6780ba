//! Event ids: version 4 UUIDs (RFC 9562) out of a generator that each thread seeds from the system's randomness.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::{StdRng, SysError, SysRng};
use rand::{Rng, SeedableRng};

const ID_BYTES: usize = 16;

/// Goes up in a forked child, so that it does not draw what its parent will draw too.
static GENERATION: AtomicU64 = AtomicU64::new(0);

struct Seeded {
    generator: StdRng,
    generation: u64,
}

thread_local! {
    static SEEDED: RefCell<Option<Seeded>> = const { RefCell::new(None) };
}

/// Seeds every thread's generator anew before its next id. To be called in a child after a fork.
pub fn seed_anew() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A new id in its canonical text form, 36 ASCII characters. Fails where the system has no randomness to give.
pub fn new_event_id() -> Result<[u8; 36], SysError> {
    SEEDED.with_borrow_mut(|seeded| {
        let generation = GENERATION.load(Ordering::Relaxed);
        let seeded = match seeded {
            Some(seeded) if seeded.generation == generation => seeded,
            _ => seeded.insert(Seeded { generator: StdRng::try_from_rng(&mut SysRng)?, generation }),
        };
        let mut id = [0; ID_BYTES];
        seeded.generator.fill_bytes(&mut id);
        Ok(canonical(id))
    })
}

fn canonical(mut id: [u8; ID_BYTES]) -> [u8; 36] {
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    // Without a table or a branch, which compiles to vector code.
    let mut digits = [0; 2 * ID_BYTES];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(id) {
        *pair = [hex_digit(byte >> 4), hex_digit(byte & 0xf)];
    }
    let mut text = [b'-'; 36];
    text[..8].copy_from_slice(&digits[..8]);
    text[9..13].copy_from_slice(&digits[8..12]);
    text[14..18].copy_from_slice(&digits[12..16]);
    text[19..23].copy_from_slice(&digits[16..20]);
    text[24..].copy_from_slice(&digits[20..]);
    text
}

const fn hex_digit(nibble: u8) -> u8 {
    b'0' + nibble + (nibble > 9) as u8 * (b'a' - b'9' - 1)
}

#[cfg(test)]
mod tests {
    use super::{canonical, new_event_id, seed_anew};
    use std::collections::HashSet;

    #[test]
    fn sets_version_and_variant() {
        assert_eq!(&canonical([0xff; 16]), b"ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(&canonical([0x00; 16]), b"00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn never_repeats_across_seeds() {
        let mut seen = HashSet::new();
        for round in 0..2_000 {
            if round % 100 == 0 {
                seed_anew();
            }
            assert!(seen.insert(new_event_id().unwrap()));
        }
    }
}
