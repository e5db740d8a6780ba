//! What the lines of a load have in common.

use super::fields::Field;
use crate::envelope::Envelope;
use crate::json::escape;
use crate::output::Output;

/// Fields that a line itself decides about. With one of them in the settings, no line is usual.
const OF_LINES: [&str; 8] = ["e", "eid", "dtm", "ttm", "ue_px", "ue_pr", "cx", "co"];

/// What the lines of a load have in common.
pub struct Settings {
    /// The fields of each event, with their bits.
    pub base: Vec<(u64, Vec<u8>)>,
    /// The fields of `base`, all of them.
    pub whole_base: Vec<u8>,
    /// The bits of `base`.
    pub base_fields: u64,
    /// Whether data is encoded in base64.
    pub base64: bool,
    /// Whether events get new ids even if they have one.
    pub new_ids: bool,
    /// The wrapper of a self-describing event.
    pub event: &'static Envelope,
    /// The wrapper of contexts.
    pub contexts: &'static Envelope,
}

impl Settings {
    /// Creates settings. Returns `None` if no line is usual with them.
    pub fn new(
        base: &[(String, String)],
        base64: bool,
        new_ids: bool,
        event: &'static Envelope,
        contexts: &'static Envelope,
    ) -> Option<Self> {
        let mut fields = Vec::new();
        for (name, value) in base {
            if OF_LINES.contains(&&**name) {
                return None;
            }
            let mut field = Output::new();
            escape::append_string(&mut field, name.as_bytes());
            field.push(b':');
            escape::append_string(&mut field, value.as_bytes());
            field.push(b',');
            field.check().ok()?;
            fields.push((Field::named(name).map_or(0, Field::bit), field.to_vec()));
        }
        let whole_base = fields.iter().flat_map(|(_, field)| field.iter().copied()).collect();
        let base_fields = fields.iter().fold(0, |all, (field, _)| all | field);
        Some(Self { base: fields, whole_base, base_fields, base64, new_ids, event, contexts })
    }
}
