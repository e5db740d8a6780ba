//! The members of a usual line, read by `serde_json`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::described::Memory;
use super::entities::Entities;
use super::fields::{Field, Kind};
use super::line::Line;
use super::names::{CREATED, DATA, ENTITIES, EVENT, EVENT_ID, Key, KeyOf, Name, SCHEMA, SUBJECT, TRUE_TIME};
use super::settings::Settings;
use super::times;
use super::value::unusual;
use crate::event_id::canonical_text;
use crate::output::Output;

/// Appends the record of a line, and returns its creation time in milliseconds. Returns `None`, and appends nothing, if the line is not usual.
pub fn append_record(
    out: &mut Output,
    settings: &Settings,
    memory: &mut Memory,
    text: &str,
    now_ms: i64,
) -> Option<i64> {
    let start = out.len();
    let mut line = Line::begin(out, settings, memory, now_ms);
    let created_ms = read(&mut line, text);
    if created_ms.is_none() {
        out.truncate(start);
    }
    created_ms
}

fn read(line: &mut Line<'_>, text: &str) -> Option<i64> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Members(line)).ok()?;
    deserializer.end().ok()?;
    line.end()
}

/// All members of a line.
struct Members<'a, 'b>(&'a mut Line<'b>);

impl<'de> Visitor<'de> for Members<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let line = self.0;
        while let Some(name) = members.next_key_seed(KeyOf(Name::of))? {
            match name {
                Name::Of(key) => {
                    line.see(key)?;
                    members.next_value_seed(Member { line, key })?;
                }
                Name::Field(field) => {
                    line.see_field(field)?;
                    members.next_value_seed(Scalar { line, to: To::Field(field) })?;
                }
            }
        }
        Ok(())
    }
}

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

/// Where a text or a number goes.
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
            To::Subject(field) if self.line.has(field) => Err(unusual()),
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
