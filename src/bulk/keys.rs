//! The keys of open JSON objects: whether one of them may be there twice.

/// The most keys of all open objects together.
const MAX_KEYS: usize = 1024;
/// From so many keys of an object on, sorting takes less time than comparing each with each.
const SORTED: usize = 24;

/// The hashes of the keys of all open objects, those of the innermost object last.
#[derive(Default)]
pub struct Keys(Vec<u64>);

impl Keys {
    /// Starts an object, and returns what ends it.
    pub fn begin(&self) -> usize {
        self.0.len()
    }

    /// Adds a key. Returns false if there are too many.
    pub fn add(&mut self, key: &[u8]) -> bool {
        let has_room = self.0.len() < MAX_KEYS && self.0.try_reserve(1).is_ok();
        if has_room {
            self.0.push(hash(key));
        }
        has_room
    }

    /// Ends an object. Returns false if one of its keys may be there twice; true if certainly none is.
    pub fn end(&mut self, start: usize) -> bool {
        let own = &mut self.0[start..];
        let are_distinct = if own.len() < SORTED {
            own.iter().enumerate().all(|(place, hash)| !own[..place].contains(hash))
        } else {
            own.sort_unstable();
            own.windows(2).all(|pair| pair[0] != pair[1])
        };
        self.0.truncate(start);
        are_distinct
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Returns the same number for the same key. Whoever makes keys with equal numbers makes the line an unusual one, no more.
fn hash(key: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let add = |hash: u64, word: u64| (hash.rotate_left(25) ^ word).wrapping_mul(MULTIPLIER);
    let Some(last) = key.last_chunk::<8>() else {
        return add(key.len() as u64, key.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    };
    let words = key.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
    add(words.fold(key.len() as u64, add), u64::from_le_bytes(*last))
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn are_distinct(keys: &mut Keys, own: &[String]) -> bool {
        let start = keys.begin();
        assert!(own.iter().all(|key| keys.add(key.as_bytes())));
        keys.end(start)
    }

    proptest! {
        #[test]
        fn keys_that_are_there_twice_are_found(own in prop::collection::vec("[a-c]{0,10}", 0..60)) {
            let mut keys = Keys::default();
            prop_assert!(keys.add(b"outer"));
            let distinct: HashSet<_> = own.iter().collect();
            prop_assert_eq!(are_distinct(&mut keys, &own), distinct.len() == own.len());
            prop_assert_eq!(keys.begin(), 1);
        }
    }

    #[test]
    fn there_is_an_end() {
        let mut keys = Keys::default();
        let added = (0..5000).filter(|number: &i32| keys.add(&number.to_le_bytes())).count();
        assert_eq!(added, super::MAX_KEYS);
    }
}
