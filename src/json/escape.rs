//! String escaping for JSON, on UTF-8 bytes. It does not depend on Python.

use std::array;
use std::ptr::NonNull;

use crate::output::Output;

/// The escape of each byte: 0 for none, `u` for `\u00XX`, or the letter that follows the backslash.
const ESCAPES: [u8; 256] = escapes();

const fn escapes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
}

/// Appends UTF-8 `bytes` as a JSON string, quotes included. Non-ASCII text stays as it is (RFC 8259, section 8.1).
#[inline]
#[expect(unsafe_code, reason = "most strings are short: reserving memory three times takes a tenth of writing JSON")]
pub fn append_string(out: &mut Output, bytes: &[u8]) {
    if !out.reserve(bytes.len() + 2) {
        return;
    }
    // SAFETY: `reserve` made room for the string and its quotes after the vector's end, and the length grows by what was written.
    unsafe {
        let opening = out.as_mut_ptr().add(out.len());
        if quote_plain(bytes, opening) {
            out.set_len(out.len() + bytes.len() + 2);
            return;
        }
    }
    append_string_with_escapes(out, bytes);
}

/// Appends UTF-8 `bytes` as the content of a JSON string, without quotes.
#[expect(unsafe_code, reason = "see append_string")]
pub fn append_escaped(out: &mut Output, bytes: &[u8]) {
    if !out.reserve(bytes.len()) {
        return;
    }
    // SAFETY: as in append_string.
    unsafe {
        if copy_plain(bytes, out.as_mut_ptr().add(out.len())) {
            out.set_len(out.len() + bytes.len());
            return;
        }
    }
    append_with_escapes(out, bytes);
}

/// Appends a few bytes unchanged: numbers, `true`, `false` and `null`. For so few bytes, the call of `memcpy` takes longer than the copy.
#[inline]
#[expect(unsafe_code, reason = "memcpy takes a tenth of writing numbers")]
pub fn append_short(out: &mut Output, bytes: &[u8]) {
    if !out.reserve(bytes.len()) {
        return;
    }
    // SAFETY: as in append_string. Whether a byte needs an escape does not matter here.
    unsafe {
        copy_plain(bytes, out.as_mut_ptr().add(out.len()));
        out.set_len(out.len() + bytes.len());
    }
}

/// Writes a string with quotes at a cursor, and returns the cursor after it, or `None` if a byte needs an escape: the written bytes are then
/// meaningless.
///
/// # Safety
///
/// There must be room for `bytes` and two quotes.
#[inline(always)]
#[expect(unsafe_code, reason = "see append_string")]
pub unsafe fn quote(bytes: &[u8], at: NonNull<u8>) -> Option<NonNull<u8>> {
    // SAFETY: see the requirements above.
    unsafe { if quote_plain(bytes, at.as_ptr()) { Some(at.add(bytes.len() + 2)) } else { None } }
}

/// Writes a string with quotes. Returns false if a byte needs an escape: the written bytes are then meaningless.
///
/// # Safety
///
/// There must be room for `bytes` and two quotes at `to`, and `to` must not overlap `bytes`.
#[inline]
#[expect(unsafe_code, reason = "see append_string")]
unsafe fn quote_plain(bytes: &[u8], to: *mut u8) -> bool {
    // SAFETY: see the requirements above.
    unsafe {
        to.write(b'"');
        to.add(1 + bytes.len()).write(b'"');
        copy_plain(bytes, to.add(1))
    }
}

/// Copies a string that needs no escape. Returns false if a byte needs one: the copied bytes are then meaningless. The end of a string is
/// handled as a block, or word, that overlaps the one before it.
///
/// # Safety
///
/// There must be room for `bytes` at `to`, and `to` must not overlap `bytes`.
#[inline(always)]
#[expect(unsafe_code, reason = "see append_string")]
pub unsafe fn copy_plain(bytes: &[u8], to: *mut u8) -> bool {
    if bytes.len() > 2 * BLOCK {
        // SAFETY: see the requirements above.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        return is_plain(bytes);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<BLOCK>(), bytes.last_chunk::<BLOCK>()) {
        // SAFETY: both lie within the length of `bytes`.
        unsafe {
            to.cast::<[u8; BLOCK]>().write(*first);
            to.add(bytes.len() - BLOCK).cast::<[u8; BLOCK]>().write(*last);
        }
        return !has_special(first) & !has_special(last);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        // SAFETY: as above.
        unsafe {
            to.cast::<[u8; 8]>().write(*first);
            to.add(bytes.len() - 8).cast::<[u8; 8]>().write(*last);
        }
        return specials(u64::from_le_bytes(*first)) | specials(u64::from_le_bytes(*last)) == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // SAFETY: as above.
        unsafe {
            to.cast::<[u8; 4]>().write(*first);
            to.add(bytes.len() - 4).cast::<[u8; 4]>().write(*last);
        }
        let both = u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
        return specials(both) == 0;
    }
    let ([first, ..], [.., last]) = (bytes, bytes) else { return true };
    let middle = bytes[bytes.len() / 2];
    // SAFETY: there are one, two or three bytes. All three indexes are below the length.
    unsafe {
        to.write(*first);
        to.add(bytes.len() / 2).write(middle);
        to.add(bytes.len() - 1).write(*last);
    }
    !(is_special(*first) | is_special(middle) | is_special(*last))
}

#[cold]
#[inline(never)]
fn append_string_with_escapes(out: &mut Output, bytes: &[u8]) {
    out.push(b'"');
    append_with_escapes(out, bytes);
    out.push(b'"');
}

/// Copies whole blocks. If a byte of a block needs an escape, the rest of the block is copied again after it.
#[inline(never)]
#[expect(unsafe_code, reason = "see append_string")]
fn append_with_escapes(out: &mut Output, mut bytes: &[u8]) {
    if !out.reserve(bytes.len() + BLOCK) {
        return;
    }
    while let Some(block) = bytes.first_chunk::<BLOCK>() {
        let plain = if has_special(block) { plain_start(block) } else { BLOCK };
        // SAFETY: there is room for the rest of the string after the vector's end, and the block is its start.
        unsafe {
            out.as_mut_ptr().add(out.len()).cast::<[u8; BLOCK]>().write(*block);
            out.set_len(out.len() + plain);
        }
        bytes = &bytes[plain..];
        if plain < BLOCK {
            bytes = append_first_special(out, bytes);
        }
    }
    while let Some(place) = bytes.iter().position(|byte| is_special(*byte)) {
        out.extend_from_slice(&bytes[..place]);
        bytes = append_first_special(out, &bytes[place..]);
    }
    append_short(out, bytes);
}

/// Returns the number of bytes before the first that needs an escape. The block must contain one.
fn plain_start(block: &[u8; BLOCK]) -> usize {
    let [first, last] = [0, WORD].map(|at| specials(u64::from_le_bytes(array::from_fn(|place| block[at + place]))));
    let bits = if first == 0 { 64 + last.trailing_zeros() } else { first.trailing_zeros() };
    bits as usize / 8
}

/// Appends the escape of the first byte. Returns the other bytes, after reserving room for them and one more block.
fn append_first_special<'a>(out: &mut Output, bytes: &'a [u8]) -> &'a [u8] {
    let Some((special, rest)) = bytes.split_first() else { return bytes };
    append_special(out, *special);
    if out.reserve(rest.len() + BLOCK) { rest } else { &[] }
}

const WORD: usize = 8;
const BLOCK: usize = 16;

/// Returns true if no byte needs an escape. There must be at least one block of bytes; the last block overlaps the one before it.
fn is_plain(bytes: &[u8]) -> bool {
    !bytes.as_chunks::<BLOCK>().0.iter().any(has_special) && !bytes.last_chunk::<BLOCK>().is_some_and(has_special)
}

/// Has no branch, so it compiles to vector instructions.
fn has_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |found, byte| found | is_special(*byte))
}

pub(super) const fn is_special(byte: u8) -> bool {
    // With this bit flipped, the quote is 0x20, and the control characters remain below it.
    (byte ^ QUOTE_TO_CONTROLS <= 0x20) | (byte == b'\\')
}

const QUOTE_TO_CONTROLS: u8 = 2;

/// Checks eight bytes at once: returns the highest bit of each byte that needs an escape. Sums of seven bits cannot carry into the next
/// byte.
pub(super) const fn specials(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = EACH * 0x7f;
    const fn at_least(word: u64, least: u64) -> u64 {
        ((word & LOW) + EACH * (0x80 - least)) | word
    }
    let is_plain = at_least(word ^ (EACH * QUOTE_TO_CONTROLS as u64), 0x21) & at_least(word ^ (EACH * b'\\' as u64), 1);
    !is_plain & !LOW
}

fn append_special(out: &mut Output, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match ESCAPES[usize::from(byte)] {
        b'u' => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 0xf)]);
        }
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

#[cfg(test)]
mod tests {
    use super::{append_short, append_string};
    use crate::output::Output;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn starting_with(bytes: &[u8]) -> Output {
        let mut out = Output::new();
        out.extend_from_slice(bytes);
        out
    }

    fn string(text: &str) -> String {
        let mut out = Output::new();
        append_string(&mut out, text.as_bytes());
        String::from_utf8(out.to_vec()).unwrap()
    }

    /// Escapes one character at a time, by RFC 8259, section 7.
    fn one_by_one(text: &str) -> String {
        let mut out = String::from('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\u{8}' => out.push_str("\\b"),
                '\t' => out.push_str("\\t"),
                '\n' => out.push_str("\\n"),
                '\u{c}' => out.push_str("\\f"),
                '\r' => out.push_str("\\r"),
                c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
                c => out.push(c),
            }
        }
        out + "\""
    }

    #[test]
    fn escapes_only_what_json_forbids() {
        assert_eq!(string("a\"b\\c\n\u{1}\u{7f}é😀"), "\"a\\\"b\\\\c\\n\\u0001\u{7f}é😀\"");
    }

    #[test]
    fn finds_an_escape_at_every_place_of_every_length() {
        for length in 0..36 {
            for place in 0..=length {
                let text: String = (0..length).map(|at| if at == place { '"' } else { 'a' }).collect();
                assert_eq!(string(&text), one_by_one(&text));
            }
        }
    }

    #[test]
    fn short_bytes_of_any_length_stay_as_they_are() {
        for length in 0..40 {
            let bytes: Vec<u8> = (0..length).collect();
            let mut out = starting_with(b"kept");
            append_short(&mut out, &bytes);
            assert_eq!(*out, [b"kept", bytes.as_slice()].concat());
        }
    }

    proptest! {
        #[test]
        fn blocks_agree_with_single_characters(text in "(\\PC|[\"\\\\\u{0}-\u{20}]){0,80}") {
            prop_assert_eq!(string(&text), one_by_one(&text));
        }
    }
}
