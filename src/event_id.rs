//! Event ids: version 4 UUIDs (RFC 9562, section 5.4) from a generator that each thread seeds from the operating system.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::{StdRng, SysError, SysRng};
use rand::{Rng, SeedableRng};

const ID_BYTES: usize = 16;

/// Incremented in a forked child, so that it does not draw the same ids as its parent.
static GENERATION: AtomicU64 = AtomicU64::new(0);

struct Seeded {
    generator: StdRng,
    generation: u64,
}

thread_local! {
    static SEEDED: RefCell<Option<Seeded>> = const { RefCell::new(None) };
}

/// Makes every thread reseed its generator before its next id. Call it in a forked child.
pub fn reseed() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Returns a new id as 36 ASCII characters. Fails if the operating system has no randomness.
pub fn new_event_id() -> Result<[u8; 36], SysError> {
    SEEDED.with_borrow_mut(|seeded| {
        let generation = GENERATION.load(Ordering::Relaxed);
        let seeded = match seeded {
            Some(seeded) if seeded.generation == generation => seeded,
            _ => seeded.insert(Seeded { generator: StdRng::try_from_rng(&mut SysRng)?, generation }),
        };
        let (high, low) = (seeded.generator.next_u64(), seeded.generator.next_u64());
        Ok(canonical((u128::from(high) << 64 | u128::from(low)).to_be_bytes()))
    })
}

fn canonical(mut id: [u8; ID_BYTES]) -> [u8; 36] {
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    let digits = id.as_chunks::<4>().0.iter().map(|bytes| hex(*bytes));
    let mut text = [b'-'; 36];
    for (digits, (left, right)) in digits.zip([(0, 4), (9, 14), (19, 24), (28, 32)]) {
        text[left..left + 4].copy_from_slice(&digits[..4]);
        text[right..right + 4].copy_from_slice(&digits[4..]);
    }
    text
}

/// Returns the hexadecimal digits of four bytes, all eight computed at once: a table takes four times as long.
const fn hex(bytes: [u8; 4]) -> [u8; 8] {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let mut nibbles = u32::from_be_bytes(bytes) as u64;
    nibbles = (nibbles << 16 | nibbles) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles << 8 | nibbles) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles << 4 | nibbles) & 0x0f0f_0f0f_0f0f_0f0f;
    let is_letter = (nibbles + 6 * EACH) >> 4 & EACH;
    (nibbles + b'0' as u64 * EACH + is_letter * (b'a' - b'9' - 1) as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::{canonical, new_event_id, reseed};
    use std::collections::HashSet;

    #[test]
    fn sets_version_and_variant() {
        assert_eq!(&canonical([0xff; 16]), b"ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(
            &canonical(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes()),
            b"01234567-89ab-4def-8123-456789abcdef"
        );
        assert_eq!(&canonical([0x00; 16]), b"00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn never_repeats_across_seeds() {
        let mut seen = HashSet::new();
        for round in 0..2_000 {
            if round % 100 == 0 {
                reseed();
            }
            assert!(seen.insert(new_event_id().unwrap()));
        }
    }
}
