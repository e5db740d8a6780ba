//! One usual line as a record: the fields of the protocol as a JSON object.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::fields::{DESCRIBED, Field, Kind};
use super::keys::Keys;
use super::schema::Schemas;
use super::times;
use super::value::{Value, unusual};
use crate::envelope::Envelope;
use crate::event_id::{canonical_text, new_event_id};
use crate::json::escape;
use crate::output::Output;

const FIELD_END: &[u8] = b"\",";
/// Fields that a line itself decides about. With one of them in the settings, no line is usual.
const OF_LINES: [&str; 8] = ["e", "eid", "dtm", "ttm", "ue_px", "ue_pr", "cx", "co"];

/// What the lines of a load have in common.
pub struct Settings {
    base: Vec<(u64, Vec<u8>)>,
    /// The fields of `base`, all of them.
    whole_base: Vec<u8>,
    base_fields: u64,
    base64: bool,
    new_ids: bool,
    event: &'static Envelope,
    contexts: &'static Envelope,
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

/// Memory for the parts of a line, and what is remembered from one line to the next.
#[derive(Default)]
pub struct Memory {
    keys: Keys,
    schemas: Schemas,
    event: Described,
    entity: Described,
    /// The JSON of a field.
    json: Output,
}

/// A schema URI and data.
#[derive(Default)]
struct Described {
    schema: Output,
    data: Output,
}

impl Memory {
    /// Starts the JSON of a field.
    fn begin_json(&mut self, envelope: &Envelope) {
        self.json.clear();
        self.json.extend_from_slice(envelope.tail());
    }
}

impl Described {
    fn set_schema<E: Error>(&mut self, text: &str, schemas: &mut Schemas) -> Result<(), E> {
        if !schemas.knows(text) {
            return Err(unusual());
        }
        self.schema.clear();
        self.schema.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn read_data<'de, D: Deserializer<'de>>(&mut self, keys: &mut Keys, deserializer: D) -> Result<(), D::Error> {
        self.data.clear();
        Value { out: &mut self.data, keys }.object(deserializer)
    }

    fn append_to(&self, json: &mut Output) {
        if self.schema.check().and(self.data.check()).is_err() {
            json.fail();
        }
        json.extend_from_slice(b"{\"schema\":\"");
        json.extend_from_slice(&self.schema);
        json.extend_from_slice(b"\",\"data\":");
        json.extend_from_slice(&self.data);
        json.push(b'}');
    }
}

/// Appends the record of a line, and returns its creation time in milliseconds. Returns `None`, and appends nothing, if the line is not usual.
pub fn append_record(
    out: &mut Output,
    settings: &Settings,
    memory: &mut Memory,
    text: &str,
    now_ms: i64,
) -> Option<i64> {
    let start = out.len();
    memory.keys.clear();
    let mut line = Line {
        out,
        settings,
        memory,
        now_ms,
        seen: 0,
        seen_fields: 0,
        set: 0,
        kind: &DESCRIBED,
        true_time: None,
        created: None,
    };
    let created_ms = line.read(text);
    if created_ms.is_none() {
        out.truncate(start);
    }
    created_ms
}

/// A key of a line whose value is not the value of a field as it is, as a bit.
type Key = u8;
const SCHEMA: Key = 1;
const DATA: Key = 1 << 1;
const EVENT: Key = 1 << 2;
const ENTITIES: Key = 1 << 3;
const EVENT_ID: Key = 1 << 4;
const TRUE_TIME: Key = 1 << 5;
const CREATED: Key = 1 << 6;
const SUBJECT: Key = 1 << 7;

struct Line<'a> {
    out: &'a mut Output,
    settings: &'a Settings,
    memory: &'a mut Memory,
    now_ms: i64,
    seen: Key,
    /// Fields whose keys were seen, whatever their values are.
    seen_fields: u64,
    /// Fields that are written.
    set: u64,
    kind: &'static Kind,
    true_time: Option<i64>,
    created: Option<i64>,
}

impl Line<'_> {
    fn read(&mut self, text: &str) -> Option<i64> {
        self.out.push(b'{');
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.deserialize_map(&mut *self).ok()?;
        deserializer.end().ok()?;
        self.end()
    }

    fn see<E: Error>(&mut self, key: Key) -> Result<(), E> {
        if self.seen & key != 0 {
            return Err(unusual());
        }
        self.seen |= key;
        Ok(())
    }

    fn see_field<E: Error>(&mut self, field: Field) -> Result<(), E> {
        if self.seen_fields & field.bit() != 0 {
            return Err(unusual());
        }
        self.seen_fields |= field.bit();
        Ok(())
    }

    fn member<'de, A: MapAccess<'de>>(&mut self, key: Name, members: &mut A) -> Result<(), A::Error> {
        match key {
            Name::Of(key) => {
                self.see(key)?;
                members.next_value_seed(Member { line: self, key })
            }
            Name::Field(field) => {
                self.see_field(field)?;
                members.next_value_seed(Scalar { line: self, to: To::Field(field) })
            }
        }
    }

    // --- fields

    fn begin_field<E: Error>(&mut self, field: Field) -> Result<(), E> {
        if self.set & field.bit() != 0 {
            return Err(unusual());
        }
        self.set |= field.bit();
        self.out.extend_from_slice(field.prefix());
        Ok(())
    }

    fn write_text<E: Error>(&mut self, field: Field, text: &[u8]) -> Result<(), E> {
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

    /// Takes note of a time. It is written at the end.
    fn set_time(&mut self, key: Key, time: i64) {
        if key == TRUE_TIME {
            self.true_time = Some(time);
        } else {
            self.created = Some(time);
        }
    }

    // --- the end

    /// Writes what does not depend on the order of keys, and returns the creation time.
    fn end(&mut self) -> Option<i64> {
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
    fn write_json(&mut self, name: &[u8], envelope: &Envelope) {
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

impl<'de> Visitor<'de> for &mut Line<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key_seed(KeyOf(Name::of))? {
            self.member(key, &mut members)?;
        }
        Ok(())
    }
}

// --- keys

/// A key of a line.
enum Name {
    Of(Key),
    Field(Field),
}

impl Name {
    fn of(text: &str) -> Option<Self> {
        Some(Self::Of(match text {
            "schema" => SCHEMA,
            "data" => DATA,
            "event" => EVENT,
            "entities" | "contexts" => ENTITIES,
            "event_id" => EVENT_ID,
            "true_timestamp" => TRUE_TIME,
            "created_timestamp" => CREATED,
            "subject" => SUBJECT,
            "app_id" => return Some(Self::Field(Field::AppId)),
            "platform" => return Some(Self::Field(Field::Platform)),
            _ => return Field::of_event(text).map(Self::Field),
        }))
    }
}

/// Reads a key, and returns what it stands for. An unknown one is not usual.
struct KeyOf<T>(fn(&str) -> Option<T>);

impl<'de, T> DeserializeSeed<'de> for KeyOf<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T> Visitor<'_> for KeyOf<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.0(text).ok_or_else(unusual)
    }
}

// --- values

/// Reads the value of a key.
struct Member<'a, 'b> {
    line: &'a mut Line<'b>,
    key: Key,
}

impl<'de> DeserializeSeed<'de> for Member<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { line, key } = self;
        match key {
            DATA => {
                let Memory { event, keys, .. } = &mut *line.memory;
                event.read_data(keys, deserializer)
            }
            ENTITIES => deserializer.deserialize_any(Entities(line)),
            SUBJECT => deserializer.deserialize_any(Subject(line)),
            _ => deserializer.deserialize_any(Scalar { line, to: To::Key(key) }),
        }
    }
}

/// What becomes of a text or a number.
#[derive(Clone, Copy)]
enum To {
    /// The value of a field. Null and empty text set nothing.
    Field(Field),
    /// The same, but null and empty text remove it.
    Subject(Field),
    Key(Key),
}

/// Text, a number or null.
struct Scalar<'a, 'b> {
    line: &'a mut Line<'b>,
    to: To,
}

impl Scalar<'_, '_> {
    fn empty<E: Error>(self) -> Result<(), E> {
        match self.to {
            To::Subject(field) if (self.line.set | self.line.settings.base_fields) & field.bit() != 0 => Err(unusual()),
            To::Field(_) | To::Subject(_) | To::Key(TRUE_TIME | CREATED) => Ok(()),
            To::Key(_) => Err(unusual()),
        }
    }

    fn number<E: Error>(self, digits: &str) -> Result<(), E> {
        match self.to {
            To::Field(field) | To::Subject(field) => self.line.write_text(field, digits.as_bytes()),
            To::Key(_) => Err(unusual()),
        }
    }

    fn text_of_key<E: Error>(self, key: Key, text: &str) -> Result<(), E> {
        let line = self.line;
        match key {
            SCHEMA => line.memory.event.set_schema(text, &mut line.memory.schemas)?,
            EVENT => line.kind = Kind::named(text).ok_or_else(unusual)?,
            EVENT_ID if text.len() == 36 && canonical_text(text).is_some() => {
                if !line.settings.new_ids {
                    line.write_text(Field::EventId, text.as_bytes())?;
                }
            }
            TRUE_TIME | CREATED => line.set_time(key, times::of_text(text).ok_or_else(unusual)?),
            _ => return Err(unusual()),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Scalar<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Scalar<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number or null")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.to {
            _ if text.is_empty() => self.empty(),
            To::Field(field) | To::Subject(field) => self.line.write_text(field, text.as_bytes()),
            To::Key(key) => self.text_of_key(key, text),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        if let To::Key(key @ (TRUE_TIME | CREATED)) = self.to {
            self.line.set_time(key, times::of_number(number).ok_or_else(unusual)?);
            return Ok(());
        }
        self.number(itoa::Buffer::new().format(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.number(itoa::Buffer::new().format(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // Where `zmij` and Python write the same digits.
        if (1e-4..1e16).contains(&number.abs()) {
            self.number(zmij::Buffer::new().format_finite(number))
        } else {
            Err(unusual())
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.to {
            To::Key(EVENT_ID) => Ok(()),
            _ => self.empty(),
        }
    }
}

/// The subject of a line: an object, or null.
struct Subject<'a, 'b>(&'a mut Line<'b>);

impl<'de> Visitor<'de> for Subject<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a subject")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(field) = members.next_key_seed(KeyOf(Field::of_subject))? {
            members.next_value_seed(Scalar { line: self.0, to: To::Subject(field) })?;
        }
        Ok(())
    }
}

/// The entities of a line: a list, or null.
struct Entities<'a, 'b>(&'a mut Line<'b>);

impl<'de> Visitor<'de> for Entities<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("entities")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let line = self.0;
        line.memory.begin_json(line.settings.contexts);
        line.memory.json.push(b'[');
        let start = line.memory.json.len();
        while items.next_element_seed(Entity(line.memory))?.is_some() {
            line.memory.json.push(b',');
        }
        if line.memory.json.len() > start {
            line.memory.json.pop();
            line.memory.json.extend_from_slice(b"]}");
            let name: &[u8] = if line.settings.base64 { b"\"cx\":\"" } else { b"\"co\":\"" };
            line.write_json(name, line.settings.contexts);
        }
        Ok(())
    }
}

/// One entity: an object with a schema and data.
struct Entity<'a>(&'a mut Memory);

impl<'de> DeserializeSeed<'de> for Entity<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entity<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an entity")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = 0;
        while let Some(key) = members.next_key_seed(KeyOf(Self::key))? {
            if seen & key != 0 {
                return Err(unusual());
            }
            seen |= key;
            members.next_value_seed(EntityMember(self.0, key))?;
        }
        if seen != SCHEMA | DATA {
            return Err(unusual());
        }
        let Memory { entity, json, .. } = self.0;
        entity.append_to(json);
        Ok(())
    }
}

impl Entity<'_> {
    fn key(text: &str) -> Option<Key> {
        match text {
            "schema" => Some(SCHEMA),
            "data" => Some(DATA),
            _ => None,
        }
    }
}

struct EntityMember<'a>(&'a mut Memory, Key);

impl<'de> DeserializeSeed<'de> for EntityMember<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Memory { keys, entity, .. } = &mut *self.0;
        if self.1 == DATA { entity.read_data(keys, deserializer) } else { deserializer.deserialize_str(self) }
    }
}

impl Visitor<'_> for EntityMember<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a schema")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.entity.set_schema(text, &mut self.0.schemas)
    }
}
