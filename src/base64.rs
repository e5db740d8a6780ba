//! URL-safe base64 with padding (RFC 4648, section 5), the encoding of the fields `ue_px` and `cx`.

use base64_simd::URL_SAFE;

use crate::output::Output;

/// Appends the base64 of `bytes`.
pub fn append(out: &mut Output, bytes: &[u8]) {
    out.append_with(URL_SAFE.encoded_length(bytes.len()), |out| URL_SAFE.encode_append(bytes, out));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::output::Output;

    fn encoded(bytes: &[u8]) -> String {
        let mut out = Output::new();
        out.extend_from_slice(b"kept:");
        super::append(&mut out, bytes);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn pads_and_uses_the_url_safe_alphabet() {
        assert_eq!(encoded(b""), "kept:");
        assert_eq!(encoded(&[0xfb]), "kept:-w==");
        assert_eq!(encoded(&[0xff, 0xff, 0xfe]), "kept:___-");
    }

    proptest! {
        #[test]
        fn decodes_to_what_went_in(bytes: Vec<u8>) {
            let text = encoded(&bytes);
            let decoded = base64_simd::URL_SAFE.decode_to_vec(&text.as_bytes()[5..]).unwrap();
            prop_assert_eq!(decoded, bytes);
        }
    }
}
