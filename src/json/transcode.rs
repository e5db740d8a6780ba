//! Characters as CPython stores them, written as JSON strings without the UTF-8 that CPython would make, and keep, of them. It does not
//! depend on Python.

#![expect(unsafe_code, reason = "CPython's own encoder takes half of an event whose texts are new")]

use super::escape;
use crate::characters::Characters;
use crate::output::Output;

/// Appends characters as a JSON string. Returns false, and appends nothing, if they contain a lone surrogate or are unknown.
#[must_use]
pub fn append_string(out: &mut Output, characters: &Characters<'_>) -> bool {
    let start = out.len();
    out.push(b'"');
    if append(out, characters) {
        out.push(b'"');
        return true;
    }
    out.truncate(start);
    false
}

/// Appends characters as they stand inside a JSON string. Returns false if they contain a lone surrogate or are unknown.
#[must_use]
pub fn append(out: &mut Output, characters: &Characters<'_>) -> bool {
    match *characters {
        Characters::Utf8(bytes) => {
            escape::append_escaped(out, bytes);
            true
        }
        // SAFETY: `transcode` makes room for as many bytes as a character takes at most, and eight more.
        Characters::One(bytes) => unsafe { transcode(out, bytes, 2, |bytes, to| Some(write_latin1(bytes, to))) },
        // SAFETY: as above.
        Characters::Two(units) => unsafe { transcode(out, units, 3, |units, to| write_wide(units, to)) },
        // SAFETY: as above.
        Characters::Four(units) => unsafe { transcode(out, units, 4, |units, to| write_wide(units, to)) },
        Characters::Unknown => false,
    }
}

/// What was written: the number of bytes, and whether one of them needs an escape.
type Written = Option<(usize, bool)>;

/// # Safety
///
/// `write` must write at most `most` bytes for each unit, and eight more.
#[inline(always)]
unsafe fn transcode<T>(out: &mut Output, units: &[T], most: usize, write: impl Fn(&[T], *mut u8) -> Written) -> bool {
    if !out.reserve(units.len() * most + 8) {
        return true;
    }
    let (start, _) = out.spare();
    let Some((length, has_special)) = write(units, start.as_ptr()) else { return false };
    if has_special {
        // Such texts are rare enough to be copied.
        let mut utf8 = Output::new();
        // SAFETY: so many bytes were written.
        utf8.extend_from_slice(unsafe { std::slice::from_raw_parts(start.as_ptr(), length) });
        escape::append_escaped(out, &utf8);
        if utf8.check().is_err() {
            out.fail();
        }
    } else {
        // SAFETY: so many bytes were written.
        unsafe { out.end_at(start.add(length)) };
    }
    true
}

/// How many characters are looked at together.
const BLOCK: usize = 8;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Writes the UTF-8 of Latin-1 bytes.
///
/// # Safety
///
/// There must be room for two bytes for each, and eight more.
unsafe fn write_latin1(bytes: &[u8], to: *mut u8) -> (usize, bool) {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let (mut at, mut found) = (to, 0);
    // SAFETY: see the requirements above.
    unsafe {
        for block in blocks {
            let word = u64::from_le_bytes(*block);
            found |= escape::specials(word);
            if word & HIGH_BITS == 0 {
                at.cast::<[u8; BLOCK]>().write(*block);
                at = at.add(BLOCK);
            } else if word & HIGH_BITS == HIGH_BITS {
                at = write_twos(&block.map(u16::from), at);
            } else {
                at = block.iter().fold(at, |at, byte| write_up_to_two(u16::from(*byte), at));
            }
        }
        for byte in rest {
            found |= u64::from(escape::is_special(*byte));
            at = write_up_to_two(u16::from(*byte), at);
        }
        (at.offset_from_unsigned(to), found != 0)
    }
}

/// Writes the UTF-8 of a character below 0x800, which takes one byte or two, without a branch: texts mix both.
///
/// # Safety
///
/// There must be room for two bytes.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "each byte takes six bits")]
unsafe fn write_up_to_two(character: u16, at: *mut u8) -> *mut u8 {
    let is_two = character >= 0x80;
    let first = if is_two { 0xc0 | (character >> 6) as u8 } else { character as u8 };
    // SAFETY: see the requirements above.
    unsafe {
        at.cast::<[u8; 2]>().write([first, 0x80 | (character & 0x3f) as u8]);
        at.add(1 + usize::from(is_two))
    }
}

/// Writes the UTF-8 of wide characters. Returns `None` if there is a lone surrogate.
///
/// # Safety
///
/// There must be room for the most bytes that each character can take, three for 16 bits and four for 32, and eight more.
unsafe fn write_wide<T: Copy + Into<u32>>(units: &[T], to: *mut u8) -> Written {
    let (blocks, rest) = units.as_chunks::<BLOCK>();
    let (mut at, mut has_special) = (to, false);
    for block in blocks {
        // SAFETY: see the requirements above.
        at = unsafe { write_block(&block.map(Into::into), at, &mut has_special) }?;
    }
    for unit in rest {
        // SAFETY: as above.
        at = unsafe { write_unit((*unit).into(), at, &mut has_special) }?;
    }
    // SAFETY: both point into the same memory.
    Some((unsafe { at.offset_from_unsigned(to) }, has_special))
}

/// Writes a block of characters. Those of one script mostly take the same number of bytes, apart from spaces.
///
/// # Safety
///
/// As for `write_wide`.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "none of the characters is above 0xffff")]
unsafe fn write_block(block: &[u32; BLOCK], at: *mut u8, has_special: &mut bool) -> Option<*mut u8> {
    let any = block.iter().fold(0, |any, character| any | character);
    if any < 0x1_0000 {
        let block = block.map(|character| character as u16);
        let all = |test: fn(u16) -> bool| block.iter().fold(true, |all, character| all & test(*character));
        // SAFETY: see the requirements above.
        unsafe {
            if any < 0x800 {
                if all(|character| character >= 0x80) {
                    return Some(write_twos(&block, at));
                }
                *has_special |= !all(|character| (character ^ 2 > 0x20) & (character != u16::from(b'\\')));
                return Some(block.iter().fold(at, |at, character| write_up_to_two(*character, at)));
            }
            if all(|character| (character >= 0x800) & (character & 0xf800 != 0xd800)) {
                return Some(block.iter().fold(at, |at, character| write_three((*character).into(), at)));
            }
        }
    }
    // SAFETY: as above.
    block.iter().try_fold(at, |at, character| unsafe { write_unit(*character, at, has_special) })
}

/// Writes characters that take two bytes each.
///
/// # Safety
///
/// There must be room for them.
#[inline(always)]
unsafe fn write_twos(block: &[u16; BLOCK], at: *mut u8) -> *mut u8 {
    let pairs = block.map(|character| (0x80c0 | character >> 6 | (character & 0x3f) << 8).to_le());
    // SAFETY: see the requirements above.
    unsafe {
        at.cast::<[u16; BLOCK]>().write_unaligned(pairs);
        at.add(2 * BLOCK)
    }
}

/// Writes a character that takes three bytes.
///
/// # Safety
///
/// There must be room for four.
#[inline(always)]
unsafe fn write_three(character: u32, at: *mut u8) -> *mut u8 {
    let bytes = 0x0080_80e0 | character >> 12 | (character & 0xfc0) << 2 | (character & 0x3f) << 16;
    // SAFETY: see the requirements above.
    unsafe {
        at.cast::<[u8; 4]>().write(bytes.to_le_bytes());
        at.add(3)
    }
}

/// Writes a character. Returns `None` if it is a surrogate.
///
/// # Safety
///
/// There must be room for its UTF-8.
#[inline(always)]
unsafe fn write_unit(character: u32, at: *mut u8, has_special: &mut bool) -> Option<*mut u8> {
    if character & !0x7ff == 0xd800 {
        return None;
    }
    *has_special |= u8::try_from(character).is_ok_and(escape::is_special);
    // SAFETY: see the requirements above.
    Some(unsafe { write_character(character, at) })
}

/// # Safety
///
/// There must be room for the UTF-8 of the character.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "each byte takes six bits")]
unsafe fn write_character(character: u32, at: *mut u8) -> *mut u8 {
    let next = |shift: u32| 0x80 | (character >> shift & 0x3f) as u8;
    // SAFETY: see the requirements above.
    unsafe {
        if character < 0x80 {
            at.write(character as u8);
            at.add(1)
        } else if character < 0x800 {
            at.cast::<[u8; 2]>().write([0xc0 | (character >> 6) as u8, next(0)]);
            at.add(2)
        } else if character < 0x1_0000 {
            at.cast::<[u8; 3]>().write([0xe0 | (character >> 12) as u8, next(6), next(0)]);
            at.add(3)
        } else {
            at.cast::<[u8; 4]>().write([0xf0 | (character >> 18) as u8, next(12), next(6), next(0)]);
            at.add(4)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::append_string;
    use crate::characters::Characters;
    use crate::json::escape;
    use crate::output::Output;

    fn written(characters: &Characters<'_>) -> Option<Vec<u8>> {
        let mut out = Output::new();
        out.extend_from_slice(b"kept");
        append_string(&mut out, characters).then(|| out.to_vec())
    }

    /// Runs of letters of one script, as texts have them.
    const LATIN1: &str = "([à-ÿ]{0,20}|[ -~]{0,20}|[\\x00-\\xff]){0,6}";
    const WIDE: &str = "([а-я]{0,20}|[一-龥]{0,20}|[ -~]{0,9}|[а-я\\x00-\\x7f]{0,20}|\\PC){0,6}";
    const ANY: &str = "(\\PC|[\\x00-\\xff]){0,40}";

    proptest! {
        #[test]
        fn writes_what_the_utf8_of_the_text_gives(text in prop_oneof![LATIN1, WIDE, ANY]) {
            let mut expected = Output::new();
            expected.extend_from_slice(b"kept");
            escape::append_string(&mut expected, text.as_bytes());
            let expected = Some(expected.to_vec());
            let four: Vec<u32> = text.chars().map(u32::from).collect();
            prop_assert_eq!(&written(&Characters::Four(&four)), &expected);
            if let Ok(two) = four.iter().map(|unit| u16::try_from(*unit)).collect::<Result<Vec<_>, _>>() {
                prop_assert_eq!(&written(&Characters::Two(&two)), &expected);
            }
            if let Ok(one) = four.iter().map(|unit| u8::try_from(*unit)).collect::<Result<Vec<_>, _>>() {
                prop_assert_eq!(&written(&Characters::One(&one)), &expected);
            }
        }
    }

    #[test]
    fn refuses_lone_surrogates_and_appends_nothing() {
        assert_eq!(written(&Characters::Two(&[65, 0xd800])), None);
        assert_eq!(written(&Characters::Four(&[0xdfff])), None);
        for place in 0..20 {
            let mut units = [0x4e00; 20];
            units[place] = 0xd800;
            assert_eq!(written(&Characters::Two(&units)), None);
        }
        let mut out = Output::new();
        assert!(!append_string(&mut out, &Characters::Two(&[0xd83d, 0xdc4d])));
        assert!(out.is_empty());
    }
}
