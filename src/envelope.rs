//! The schema wrapper of a self-describing event, or of contexts: `{"schema":...,"data":` and `}`. It is the same for every event, so
//! most of its base64 is computed once.

use crate::base64;
use crate::json::escape;
use crate::output::Output;

/// The start of a wrapper with a certain schema.
pub struct Envelope {
    head: String,
    head_base64: Output,
    tail: String,
}

impl Envelope {
    /// Creates the wrapper for a schema.
    pub fn new(schema: &str) -> Self {
        let mut head = format!("{{\"schema\":\"{schema}\",\"data\":");
        // Base64 encodes three bytes as four characters, so the head, cut to a multiple of three, can be encoded separately.
        let tail = head.split_off(head.len() / 3 * 3);
        let mut head_base64 = Output::new();
        base64::append(&mut head_base64, head.as_bytes());
        Self { head, head_base64, tail }
    }

    /// The start without its last zero to two bytes.
    pub fn head(&self) -> &[u8] {
        self.head.as_bytes()
    }

    /// The base64 of the head.
    pub fn head_base64(&self) -> &[u8] {
        &self.head_base64
    }

    /// Appends the whole to the value of a field, as text or as base64: the head, and the JSON that follows it.
    #[inline]
    pub fn append(&self, out: &mut Output, json: &[u8], base64: bool) {
        if base64 {
            out.extend_from_slice(&self.head_base64);
            base64::append(out, json);
        } else {
            escape::append_escaped(out, self.head.as_bytes());
            escape::append_escaped(out, json);
        }
    }

    /// The bytes of the start that the head lacks.
    pub fn tail(&self) -> &[u8] {
        self.tail.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;
    use crate::output::Output;

    #[test]
    fn text_and_base64_say_the_same() {
        for schema in ["iglu:a", "iglu:ab", "iglu:abc"] {
            let envelope = Envelope::new(schema);
            let json = [envelope.tail(), b"{\"a\":1}}"].concat();
            let (mut text, mut encoded) = (Output::new(), Output::new());
            envelope.append(&mut text, &json, false);
            envelope.append(&mut encoded, &json, true);
            let decoded = base64_simd::URL_SAFE.decode_to_vec(&*encoded).unwrap();
            assert_eq!(
                String::from_utf8(text.to_vec()).unwrap().replace('\\', ""),
                String::from_utf8(decoded).unwrap()
            );
            assert_eq!(text.to_vec(), format!(r#"{{\"schema\":\"{schema}\",\"data\":{{\"a\":1}}}}"#).into_bytes());
        }
    }
}
