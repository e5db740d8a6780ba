//! Text into JSON: string escaping on bytes, no Python in sight.

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

/// Appends `text` as a JSON string, quotes included. Non-ASCII text stays as it is (RFC 8259, section 8.1).
pub fn append_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    append_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends UTF-8 `bytes` as they read inside a JSON string, without quotes.
pub fn append_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        append_with_escapes(out, bytes);
    }
}

#[inline(never)]
fn append_with_escapes(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(offset) = first_special(rest) {
        out.extend_from_slice(&rest[..offset]);
        append_special(out, rest[offset]);
        rest = &rest[offset + 1..];
    }
    out.extend_from_slice(rest);
}

/// Where the first byte is that needs an escape. Whole blocks are passed at once.
fn first_special(bytes: &[u8]) -> Option<usize> {
    let plain = bytes.as_chunks::<BLOCK>().0.iter().take_while(|block| !has_special(block)).count() * BLOCK;
    bytes[plain..].iter().position(|&byte| ESCAPES[usize::from(byte)] != 0).map(|offset| plain + offset)
}

const BLOCK: usize = 16;

/// Whether no byte needs an escape. A rest that fills no block is looked at in a block, or two halves, that overlap what is known.
fn is_plain(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    if blocks.iter().any(has_special) {
        return false;
    }
    match (bytes.last_chunk::<BLOCK>(), bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        _ if rest.is_empty() => true,
        (Some(last), ..) => !has_special(last),
        (None, Some(first), Some(last)) => !has_special(first) && !has_special(last),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => !has_special(first) && !has_special(last),
            _ => !rest.iter().any(|byte| is_special(*byte)),
        },
    }
}

/// Without a branch, which compiles to vector code.
fn has_special<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(false, |found, byte| found | is_special(*byte))
}

const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
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
    use super::append_string;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        append_string(&mut out, text);
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

    proptest! {
        #[test]
        fn blocks_agree_with_single_characters(text in "(\\PC|[\"\\\\\u{0}-\u{20}]){0,80}") {
            prop_assert_eq!(string(&text), one_by_one(&text));
        }
    }
}
