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
    out.push(b'"');
    append_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends UTF-8 `bytes` as they read inside a JSON string, without quotes.
pub fn append_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    loop {
        let (plain, tail) = rest.split_at(plain_prefix(rest));
        out.extend_from_slice(plain);
        let Some((&special, after)) = tail.split_first() else {
            return;
        };
        append_special(out, special);
        rest = after;
    }
}

/// The length of the longest prefix that needs no escape. Whole blocks are judged at once, which compiles to vector code.
fn plain_prefix(bytes: &[u8]) -> usize {
    const BLOCK: usize = 16;
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let clean = blocks
        .iter()
        .take_while(|block| {
            let special =
                block.iter().fold(false, |found, &byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'));
            !special
        })
        .count()
        * BLOCK;
    bytes[clean..].iter().position(|&byte| ESCAPES[usize::from(byte)] != 0).map_or(bytes.len(), |offset| clean + offset)
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
