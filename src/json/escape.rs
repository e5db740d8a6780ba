//! Text into JSON: string escaping on bytes, no Python in sight.

use std::array;

/// How each byte leaves inside a JSON string: 0 as it is, `u` as `\u00XX`, any other letter after a backslash.
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
#[expect(unsafe_code, reason = "most texts are short: asking for room three times takes a tenth of writing JSON")]
pub fn append_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() + 2);
    // SAFETY: behind the vector's end there is room for the text and its quotes, and what was written there is added to its length.
    unsafe {
        let record_prefix = out.as_mut_ptr().add(out.len());
        if quote_plain(bytes, record_prefix) {
            out.set_len(out.len() + bytes.len() + 2);
            return;
        }
    }
    append_string_with_escapes(out, bytes);
}

/// Appends UTF-8 `bytes` as the key of a JSON object's member: a comma first, unless it is the first one, and the colon.
#[inline]
#[expect(unsafe_code, reason = "see append_string")]
pub fn append_key(out: &mut Vec<u8>, bytes: &[u8], is_first: bool) {
    out.reserve(bytes.len() + 4);
    // SAFETY: as in append_string, with room for the comma and the colon. Of a comma that is not added to the length nothing stays.
    unsafe {
        let comma = out.as_mut_ptr().add(out.len());
        comma.write(b',');
        let record_prefix = comma.add(usize::from(!is_first));
        out.set_len(out.len() + usize::from(!is_first));
        if quote_plain(bytes, record_prefix) {
            record_prefix.add(bytes.len() + 2).write(b':');
            out.set_len(out.len() + bytes.len() + 3);
            return;
        }
    }
    append_string_with_escapes(out, bytes);
    out.push(b':');
}

/// Appends UTF-8 `bytes` as they read inside a JSON string, without quotes.
#[expect(unsafe_code, reason = "see append_string")]
pub fn append_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len());
    // SAFETY: as in append_string.
    unsafe {
        if copy_plain(bytes, out.as_mut_ptr().add(out.len())) {
            out.set_len(out.len() + bytes.len());
            return;
        }
    }
    append_with_escapes(out, bytes);
}

/// Appends a few bytes as they are: numbers and words of JSON, for which calling `memcpy` takes longer than copying.
#[inline]
#[expect(unsafe_code, reason = "a tenth of writing numbers")]
pub fn append_short(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len());
    // SAFETY: as in append_string; whether the bytes need an escape does not matter here.
    unsafe {
        copy_plain(bytes, out.as_mut_ptr().add(out.len()));
        out.set_len(out.len() + bytes.len());
    }
}

/// Writes text with its quotes; false where a byte needs an escape, and then what was written is of no use.
///
/// # Safety
///
/// There is room for `bytes` and two quotes at `to`, which overlaps none of them.
#[inline]
#[expect(unsafe_code, reason = "see append_string")]
unsafe fn quote_plain(bytes: &[u8], to: *mut u8) -> bool {
    // SAFETY: of the caller.
    unsafe {
        to.write(b'"');
        to.add(1 + bytes.len()).write(b'"');
        copy_plain(bytes, to.add(1))
    }
}

/// Copies text that needs no escape; false where a byte needs one, and then what was copied is of no use. What fills no block, or
/// word, is looked at and copied in one that overlaps another.
///
/// # Safety
///
/// There is room for `bytes` at `to`, which overlaps none of them.
#[inline]
#[expect(unsafe_code, reason = "see append_string")]
unsafe fn copy_plain(bytes: &[u8], to: *mut u8) -> bool {
    if bytes.len() > 2 * BLOCK {
        // SAFETY: of the caller.
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
    // SAFETY: there are one, two or three bytes, the second of them in the middle.
    unsafe {
        to.write(*first);
        to.add(bytes.len() / 2).write(middle);
        to.add(bytes.len() - 1).write(*last);
    }
    !(is_special(*first) | is_special(middle) | is_special(*last))
}

#[cold]
#[inline(never)]
fn append_string_with_escapes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    append_with_escapes(out, bytes);
    out.push(b'"');
}

/// Block by block, each copied as a whole: what follows a byte that needs an escape is copied once more behind that.
#[inline(never)]
#[expect(unsafe_code, reason = "see append_string")]
fn append_with_escapes(out: &mut Vec<u8>, mut bytes: &[u8]) {
    out.reserve(bytes.len() + BLOCK);
    while let Some(block) = bytes.first_chunk::<BLOCK>() {
        let plain = if has_special(block) { plain_start(block) } else { BLOCK };
        // SAFETY: behind the vector's end there is room for what is left of the text, of which the block is the start.
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

/// How many bytes come before the first that needs an escape. There is one.
fn plain_start(block: &[u8; BLOCK]) -> usize {
    let [first, last] = [0, WORD].map(|at| specials(u64::from_le_bytes(array::from_fn(|place| block[at + place]))));
    let bits = if first == 0 { 64 + last.trailing_zeros() } else { first.trailing_zeros() };
    bits as usize / 8
}

/// Appends the escape of the first byte. Returns the others, for which there is room, and for a block more.
fn append_first_special<'a>(out: &mut Vec<u8>, bytes: &'a [u8]) -> &'a [u8] {
    let Some((special, rest)) = bytes.split_first() else { return bytes };
    append_special(out, *special);
    out.reserve(rest.len() + BLOCK);
    rest
}

const WORD: usize = 8;
const BLOCK: usize = 16;

/// Whether no byte of at least one block needs an escape. A rest that fills none is looked at in a block that overlaps another.
fn is_plain(bytes: &[u8]) -> bool {
    !bytes.as_chunks::<BLOCK>().0.iter().any(has_special) && !bytes.last_chunk::<BLOCK>().is_some_and(has_special)
}

/// Without a branch, which compiles to vector code.
fn has_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |found, byte| found | is_special(*byte))
}

const fn is_special(byte: u8) -> bool {
    // With this bit turned, the quote comes next to the control characters, and nothing else between.
    (byte ^ QUOTE_TO_CONTROLS <= 0x20) | (byte == b'\\')
}

const QUOTE_TO_CONTROLS: u8 = 2;

/// The same for eight bytes at once: the highest bit of each byte that needs an escape. Sums of seven bits reach no other byte.
const fn specials(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = EACH * 0x7f;
    const fn at_least(word: u64, least: u64) -> u64 {
        ((word & LOW) + EACH * (0x80 - least)) | word
    }
    let is_plain = at_least(word ^ (EACH * QUOTE_TO_CONTROLS as u64), 0x21) & at_least(word ^ (EACH * b'\\' as u64), 1);
    !is_plain & !LOW
}

fn append_special(out: &mut Vec<u8>, byte: u8) {
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
    use super::{append_key, append_short, append_string};
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        append_string(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    /// What RFC 8259 section 7 says, one character at a time.
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
    fn a_key_has_its_comma_and_colon() {
        let mut out = b"{".to_vec();
        for (place, key) in ["", "a", "\"", "four", "a key of seventeen", "a\n", "é"].into_iter().enumerate() {
            append_key(&mut out, key.as_bytes(), place == 0);
            append_short(&mut out, b"1");
        }
        let expected = r#"{"":1,"a":1,"\"":1,"four":1,"a key of seventeen":1,"a\n":1,"é":1"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn short_bytes_of_any_length_stay_as_they_are() {
        for length in 0..40 {
            let bytes: Vec<u8> = (0..length).collect();
            let mut out = b"kept".to_vec();
            append_short(&mut out, &bytes);
            assert_eq!(out, [b"kept", bytes.as_slice()].concat());
        }
    }

    proptest! {
        #[test]
        fn blocks_agree_with_single_characters(text in "(\\PC|[\"\\\\\u{0}-\u{20}]){0,80}") {
            prop_assert_eq!(string(&text), one_by_one(&text));
        }
    }
}
