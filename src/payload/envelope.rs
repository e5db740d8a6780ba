//! What stands around the data of a self-describing event, or of contexts: `{"schema":...,"data":` and `}`. Most of it is the same for
//! every event, and so is the base64 of that.

use crate::base64;

/// The opening of an envelope with a certain schema.
pub struct Envelope {
    head: String,
    head_base64: Vec<u8>,
    rest: String,
}

impl Envelope {
    /// The one for a schema.
    pub fn new(schema: &str) -> Self {
        let mut head = format!("{{\"schema\":\"{schema}\",\"data\":");
        // Three bytes are four characters of base64, and what comes behind those begins anew.
        let rest = head.split_off(head.len() / 3 * 3);
        let mut head_base64 = Vec::new();
        base64::append(&mut head_base64, head.as_bytes());
        Self { head, head_base64, rest }
    }

    /// The opening but for its rest.
    pub fn head(&self) -> &[u8] {
        self.head.as_bytes()
    }

    /// The same in base64.
    pub fn head_base64(&self) -> &[u8] {
        &self.head_base64
    }

    /// The rest of the opening: one or two bytes, or none.
    pub fn rest(&self) -> &[u8] {
        self.rest.as_bytes()
    }
}
