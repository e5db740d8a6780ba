//! Consecutive lines as records, up to the first one that is not usual.

use memchr::memchr2;

use super::described::Memory;
use super::members::append_record;
use super::settings::Settings;
use crate::output::Output;

/// How many times as long as its line a record usually is at most.
const GROWTH: usize = 2;
const MOST_RESERVED: usize = 1024 * 1024;

/// A line that has become a record.
pub struct Entry {
    /// Where the record ends.
    pub record_end: usize,
    /// When the event was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// How many lines have come before and with it.
    pub lines: usize,
    /// Where the line ends in the block.
    pub end: usize,
}

/// Records of lines.
pub struct Lines {
    /// All records, one after the other.
    pub records: Output,
    /// The lines with a record: empty ones have none.
    pub entries: Vec<Entry>,
    /// How many lines were read, empty ones included.
    pub lines: usize,
    /// Where the first line starts that was not read.
    pub end: usize,
}

/// Encodes the lines of a block from `start` on: all of them, or those before one that is not usual, or so many that there are `most` records.
pub fn encode(settings: &Settings, block: &[u8], start: usize, most: usize, now_ms: i64) -> Lines {
    let mut read = Lines { records: Output::new(), entries: Vec::new(), lines: 0, end: start };
    let mut memory = Memory::default();
    // Growing step by step would copy each record once more.
    let is_enough = read.records.reserve((GROWTH * (block.len() - start)).min(MOST_RESERVED))
        && read.entries.try_reserve(most).is_ok();
    if !is_enough {
        return read;
    }
    while read.entries.len() < most
        && let Some((line, end)) = first_line(block, read.end)
    {
        if !line.iter().all(|byte| is_blank(*byte)) {
            let text = std::str::from_utf8(line).ok();
            let created_ms =
                text.and_then(|text| append_record(&mut read.records, settings, &mut memory, text, now_ms));
            let Some(created_ms) = created_ms else { break };
            let record_end = read.records.len();
            read.entries.push(Entry { record_end, created_ms, lines: read.lines + 1, end });
        }
        read.lines += 1;
        read.end = end;
    }
    if read.records.check().is_err() {
        // Whatever was read is gone.
        return Lines { records: Output::new(), entries: Vec::new(), lines: 0, end: start };
    }
    read
}

/// Returns the line that starts at a place, without its end, and where the next one starts. `None` at the end of the block, and if a
/// carriage return alone ends the line.
fn first_line(block: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = &block[start..];
    let Some(length) = memchr2(b'\n', b'\r', rest) else {
        return (!rest.is_empty()).then_some((rest, block.len()));
    };
    let end_length = if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
    let is_line = rest[length] == b'\n' || end_length == 2;
    is_line.then_some((&rest[..length], start + length + end_length))
}

/// Returns true for bytes that a line may have that counts as empty, as `bytes.isspace` does.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::encode;
    use crate::bulk::settings::Settings;
    use crate::envelope::Envelope;

    const ID: &str = "00000000-0000-4000-8000-000000000000";
    const LINE: &str = r#"{"schema":"iglu:com.acme/a/jsonschema/1-0-0","data":{"n":1}}"#;
    static EVENT: LazyLock<Envelope> = LazyLock::new(|| Envelope::new("iglu:event"));
    static CONTEXTS: LazyLock<Envelope> = LazyLock::new(|| Envelope::new("iglu:contexts"));

    fn settings(base: &[(&str, &str)]) -> Option<Settings> {
        let base: Vec<_> = base.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::new(&base, false, false, &EVENT, &CONTEXTS)
    }

    /// Returns the ends of the lines that are usual, and the text of their records.
    fn read(block: &str) -> (Vec<(usize, usize)>, String) {
        let read = encode(&settings(&[("p", "srv"), ("x", "y")]).unwrap(), block.as_bytes(), 0, 1000, 7);
        let ends = read.entries.iter().map(|entry| (entry.lines, entry.end)).collect();
        (ends, String::from_utf8(read.records.to_vec()).unwrap())
    }

    fn record(line: &str) -> Option<serde_json::Value> {
        let (_, text) = read(line);
        (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn lines_end_as_in_python() {
        let size = LINE.len();
        assert_eq!(
            read(&format!("{LINE}\n\n{LINE}\r\n \t\n{LINE}")).0,
            [(1, size + 1), (3, 2 * size + 4), (5, 3 * size + 7)]
        );
        assert_eq!(read(&format!("{LINE}\n{LINE}\r{LINE}\n")).0, [(1, size + 1)]);
        assert_eq!(read("").0, []);
    }

    #[test]
    fn a_line_that_is_not_usual_ends_a_run() {
        let (ends, records) = read(&format!("{LINE}\n{{\"schema\":1}}\n{LINE}\n"));
        assert_eq!(ends, [(1, LINE.len() + 1)]);
        assert_eq!(records.matches("\"e\":\"ue\"").count(), 1);
    }

    #[test]
    fn a_run_has_an_end() {
        let block = format!("{LINE}\n").repeat(10);
        let read = encode(&settings(&[]).unwrap(), block.as_bytes(), 0, 3, 7);
        assert_eq!((read.entries.len(), read.lines, read.end), (3, 3, 3 * (LINE.len() + 1)));
        let rest = encode(&settings(&[]).unwrap(), block.as_bytes(), read.end, 100, 7);
        assert_eq!((rest.entries.len(), rest.lines, rest.end), (7, 7, block.len()));
    }

    #[test]
    fn a_line_becomes_fields() {
        let line = format!(
            r#"{{"event":"struct","category":"c\n","action":"a","value":1.5,"label":null,"event_id":"{ID}",
               "true_timestamp":"2024-05-01T08:30:00Z","subject":{{"user_id":"u","lang":""}},"app_id":"","platform":"web",
               "entities":[{{"data":{{"a":[1,2]}},"schema":"iglu:com.acme/b/jsonschema/1-0-0"}}]}}"#
        );
        let expected = serde_json::json!({
            "e": "se", "se_ca": "c\n", "se_ac": "a", "se_va": "1.5", "eid": ID, "uid": "u", "p": "web", "x": "y",
            "ttm": "1714552200000", "dtm": "1714552200000",
            "co": r#"{"schema":"iglu:contexts","data":[{"schema":"iglu:com.acme/b/jsonschema/1-0-0","data":{"a":[1,2]}}]}"#,
        });
        assert_eq!(record(&line.replace('\n', " ")), Some(expected));
    }

    #[test]
    fn what_the_slow_way_knows_better_is_left_to_it() {
        for members in [
            r#""color":1"#,
            r#""data":{}"#,
            r#""event_id":"x""#,
            r#""event_id":"0000000000004000800000000000000""#,
            r#""true_timestamp":5"#,
            r#""app_id":true"#,
            r#""app_id":-0"#,
            r#""label":"x""#,
            r#""event":"struct""#,
            r#""subject":{"user_id":"a","uid":"b"}"#,
            r#""subject":{"platform":null}"#,
            r#""subject":{"platform":"a"},"platform":"b""#,
            r#""entities":[{"schema":"iglu:com.acme/b/jsonschema/1-0-0"}]"#,
            r#""entities":[{"schema":"iglu:com.acme/b/jsonschema/1-0","data":{}}]"#,
            r#""entities":[],"contexts":[]"#,
        ] {
            let line = LINE.replace("\"schema\"", &format!("{members},\"schema\""));
            assert_eq!(record(&line), None, "{line}");
        }
        assert!(record(&LINE.replace("\"schema\"", r#""event":"unstruct","schema""#)).is_some());
    }

    #[test]
    fn some_settings_leave_nothing_usual() {
        assert!(settings(&[("eid", "1")]).is_none());
        assert!(settings(&[("uid", "1")]).is_some());
    }
}
