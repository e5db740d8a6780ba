//! The schema wrapper of a self-describing event, or of contexts: `{"schema":...,"data":` and `}`. It is the same for every event, so
//! most of its base64 is computed once.

use crate::base64;
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

    /// The bytes of the start that the head lacks.
    pub fn tail(&self) -> &[u8] {
        self.tail.as_bytes()
    }
}
