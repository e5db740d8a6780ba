//! One line on its way to a record: the fields of the protocol as a JSON object.

use serde::de::Error;

use super::described::Memory;
use super::fields::{DESCRIBED, Field, Kind};
use super::names::{DATA, Key, SCHEMA, TRUE_TIME};
use super::settings::Settings;
use super::value::unusual;
use crate::envelope::Envelope;
use crate::event_id::new_event_id;
use crate::json::escape;
use crate::output::Output;

const FIELD_END: &[u8] = b"\",";

/// The record of a line, as far as it was read.
pub struct Line<'a> {
    out: &'a mut Output,
    /// The settings of all lines.
    pub settings: &'a Settings,
    /// Memory for its parts.
    pub memory: &'a mut Memory,
    now_ms: i64,
    seen: Key,
    /// Fields whose keys were seen, whatever their values are.
    seen_fields: u64,
    /// Fields that are written.
    set: u64,
    /// The kind of event.
    pub kind: &'static Kind,
    true_time: Option<i64>,
    created: Option<i64>,
}

impl<'a> Line<'a> {
    /// Starts a record at the end of `out`.
    pub fn begin(out: &'a mut Output, settings: &'a Settings, memory: &'a mut Memory, now_ms: i64) -> Self {
        out.push(b'{');
        memory.keys.clear();
        let (seen, seen_fields, set) = (0, 0, 0);
        Self { out, settings, memory, now_ms, seen, seen_fields, set, kind: &DESCRIBED, true_time: None, created: None }
    }

    /// Takes note of a key. Fails if it is there twice.
    pub fn see<E: Error>(&mut self, key: Key) -> Result<(), E> {
        if self.seen & key != 0 {
            return Err(unusual());
        }
        self.seen |= key;
        Ok(())
    }

    /// Takes note of the key of a field. Fails if it is there twice.
    pub fn see_field<E: Error>(&mut self, field: Field) -> Result<(), E> {
        if self.seen_fields & field.bit() != 0 {
            return Err(unusual());
        }
        self.seen_fields |= field.bit();
        Ok(())
    }

    fn begin_field<E: Error>(&mut self, field: Field) -> Result<(), E> {
        if self.set & field.bit() != 0 {
            return Err(unusual());
        }
        self.set |= field.bit();
        self.out.extend_from_slice(field.prefix());
        Ok(())
    }

    /// Writes a field. Fails if it is written already.
    pub fn write_text<E: Error>(&mut self, field: Field, text: &[u8]) -> Result<(), E> {
        self.begin_field(field)?;
        escape::append_escaped(self.out, text);
        self.out.extend_from_slice(FIELD_END);
        Ok(())
    }

    fn write_plain(&mut self, name: &[u8], value: &[u8]) {
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(FIELD_END);
    }

    /// Returns true if a field has a value so far, by the line or by the settings.
    pub fn has(&self, field: Field) -> bool {
        (self.set | self.settings.base_fields) & field.bit() != 0
    }

    /// Takes note of a time. It is written at the end.
    pub fn set_time(&mut self, key: Key, time: i64) {
        if key == TRUE_TIME {
            self.true_time = Some(time);
        } else {
            self.created = Some(time);
        }
    }

    /// Writes what does not depend on the order of keys, and returns the creation time.
    pub fn end(&mut self) -> Option<i64> {
        let own = self.seen_fields & !(Field::AppId.bit() | Field::Platform.bit());
        let described = if self.kind.is_described { SCHEMA | DATA } else { 0 };
        let is_complete =
            self.seen & (SCHEMA | DATA) == described && self.set & self.kind.required == self.kind.required;
        if own & !self.kind.own != 0 || !is_complete {
            return None;
        }
        self.write_plain(b"\"e\":\"", self.kind.code);
        if self.kind.is_described {
            self.write_event();
        }
        if self.set & Field::EventId.bit() == 0 {
            self.write_plain(Field::EventId.prefix(), &new_event_id(self.now_ms).ok()?);
        }
        let created = self.created.or(self.true_time).unwrap_or(self.now_ms);
        let mut digits = itoa::Buffer::new();
        self.write_plain(Field::Created.prefix(), digits.format(created).as_bytes());
        if let Some(time) = self.true_time {
            self.write_plain(Field::TrueTime.prefix(), digits.format(time).as_bytes());
        }
        self.write_base();
        self.out.pop(); // the comma
        self.out.push(b'}');
        self.out.check().ok()?;
        Some(created)
    }

    fn write_event(&mut self) {
        self.memory.begin_json(self.settings.event);
        let Memory { event, json, .. } = &mut *self.memory;
        event.append_to(json);
        json.push(b'}');
        let name: &[u8] = if self.settings.base64 { b"\"ue_px\":\"" } else { b"\"ue_pr\":\"" };
        self.write_json(name, self.settings.event);
    }

    /// Writes a field with the JSON in memory.
    pub fn write_json(&mut self, name: &[u8], envelope: &Envelope) {
        if self.memory.json.check().is_err() {
            self.out.fail();
        }
        self.out.extend_from_slice(name);
        envelope.append(self.out, &self.memory.json, self.settings.base64);
        self.out.extend_from_slice(FIELD_END);
    }

    fn write_base(&mut self) {
        if self.set & self.settings.base_fields == 0 {
            self.out.extend_from_slice(&self.settings.whole_base);
            return;
        }
        for (field, bytes) in &self.settings.base {
            if self.set & field == 0 {
                self.out.extend_from_slice(bytes);
            }
        }
    }
}
