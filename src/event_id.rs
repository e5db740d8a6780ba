//! Event ids: version 4 UUIDs (RFC 9562, section 5.4) from a generator of each thread, which the operating system seeds again and again.
//!
//! A process may be copied with the state of its generators. A forked child is noticed: see `process`. Nothing tells a process that it was
//! restored from a snapshot (of a virtual machine, by CRIU), and another one from the same. So a seed is used for a limited number of ids,
//! and within one second only: copies draw different ids from the next second of their clocks on.

use std::cell::RefCell;

use rand::rngs::{StdRng, SysError, SysRng};
use rand::{Rng, SeedableRng};

use crate::process;

const ID_BYTES: usize = 16;
/// A seed takes as long as fifty ids.
const MAX_IDS_OF_SEED: u32 = 1024;

struct Seeded {
    generator: StdRng,
    ids_left: u32,
    /// When it was seeded, by the clock of the caller.
    second: i64,
    /// The process that it was seeded in.
    process: usize,
}

/// A generator of ids, which is seeded when it is needed.
#[derive(Default)]
pub struct Ids(Option<Seeded>);

thread_local! {
    static IDS: RefCell<Ids> = const { RefCell::new(Ids::new()) };
}

impl Seeded {
    fn new(second: i64) -> Result<Self, SysError> {
        let generator = StdRng::try_from_rng(&mut SysRng)?;
        Ok(Self { generator, ids_left: MAX_IDS_OF_SEED, second, process: process::number() })
    }

    fn is_usable(&self, second: i64) -> bool {
        self.ids_left > 0 && self.second == second && self.process == process::number()
    }
}

impl Ids {
    /// Creates a generator without a seed.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Returns a new id as 36 ASCII characters, for an event of the time `now_ms`. Fails if the operating system has no randomness.
    #[inline]
    pub fn next(&mut self, now_ms: i64) -> Result<[u8; 36], SysError> {
        let second = now_ms / 1000;
        let seeded = match &mut self.0 {
            Some(seeded) if seeded.is_usable(second) => seeded,
            seeded => seeded.insert(Seeded::new(second)?),
        };
        seeded.ids_left -= 1;
        let (high, low) = (seeded.generator.next_u64(), seeded.generator.next_u64());
        Ok(canonical((u128::from(high) << 64 | u128::from(low)).to_be_bytes()))
    }
}

/// Returns a new id by the generator of this thread: see `Ids::next`.
pub fn new_event_id(now_ms: i64) -> Result<[u8; 36], SysError> {
    IDS.with_borrow_mut(|ids| ids.next(now_ms))
}

/// Returns the text of a UUID in its canonical form, from 32 hexadecimal digits with or without hyphens (RFC 9562, section 4).
pub fn canonical_text(text: &str) -> Option<[u8; 36]> {
    let mut canonical = [b'-'; 36];
    let mut rest = text.as_bytes();
    let has_hyphens = rest.len() == canonical.len();
    for (place, byte) in canonical.iter_mut().enumerate() {
        let is_hyphen = matches!(place, 8 | 13 | 18 | 23);
        if is_hyphen && !has_hyphens {
            continue;
        }
        let (first, after) = rest.split_first()?;
        if if is_hyphen { *first != b'-' } else { !first.is_ascii_hexdigit() } {
            return None;
        }
        *byte = first.to_ascii_lowercase();
        rest = after;
    }
    rest.is_empty().then_some(canonical)
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
    use super::{IDS, Ids, MAX_IDS_OF_SEED, Seeded, canonical, canonical_text, new_event_id};
    use crate::process;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
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
    fn brings_ids_into_canonical_form() {
        let canonical = b"01234567-89ab-4def-8123-456789abcdef";
        for text in ["01234567-89AB-4DEF-8123-456789abcdef", "0123456789ab4def8123456789ABCDEF"] {
            assert_eq!(canonical_text(text).as_ref(), Some(canonical));
        }
        for text in [
            "",
            "01234567-89ab-4def-8123-456789abcde",
            "01234567-89ab-4def-8123-456789abcdefa",
            "0123456789ab-4def8123456789abcdef",
        ] {
            assert_eq!(canonical_text(text), None);
        }
        assert_eq!(canonical_text(&"\u{e9}".repeat(18)), None);
        assert_eq!(canonical_text(&"g".repeat(32)), None);
    }

    #[test]
    fn never_repeats_across_seeds() {
        let ids: HashSet<_> = (0..5_000).map(|n| new_event_id(n * 100).unwrap()).collect();
        assert_eq!(ids.len(), 5_000);
    }

    /// Returns how many ids a process and its copy share, if both draw ids for events of these times. The seed is of time 0.
    fn shared_with_copy(times_ms: impl Iterator<Item = i64> + Clone) -> usize {
        let draw_from_same_seed = || -> HashSet<_> {
            let generator = StdRng::seed_from_u64(7);
            let process = process::number();
            IDS.set(Ids(Some(Seeded { generator, ids_left: MAX_IDS_OF_SEED, second: 0, process })));
            times_ms.clone().map(|now| new_event_id(now).unwrap()).collect()
        };
        draw_from_same_seed().intersection(&draw_from_same_seed()).count()
    }

    #[test]
    fn copies_share_no_ids_from_the_next_second_on() {
        assert_eq!(shared_with_copy((0..10).map(|_| 999)), 10);
        assert_eq!(shared_with_copy((0..10).map(|_| 1000)), 0);
    }

    #[test]
    fn copies_share_few_ids_if_the_clock_stands_still() {
        assert_eq!(shared_with_copy((0..5_000).map(|_| 0)), MAX_IDS_OF_SEED as usize);
    }
}
