//! The keys of a line.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::fields::Field;
use super::value::unusual;

/// A key of a line whose value is not the value of a field as it is, as a bit.
pub type Key = u8;
/// The key `schema`.
pub const SCHEMA: Key = 1;
/// The key `data`.
pub const DATA: Key = 1 << 1;
/// The key `event`.
pub const EVENT: Key = 1 << 2;
/// The key `entities` or `contexts`.
pub const ENTITIES: Key = 1 << 3;
/// The key `event_id`.
pub const EVENT_ID: Key = 1 << 4;
/// The key `true_timestamp`.
pub const TRUE_TIME: Key = 1 << 5;
/// The key `created_timestamp`.
pub const CREATED: Key = 1 << 6;
/// The key `subject`.
pub const SUBJECT: Key = 1 << 7;

/// A key of a line.
pub enum Name {
    /// One with a value that is looked into.
    Of(Key),
    /// One whose value is that of a field.
    Field(Field),
}

impl Name {
    /// Returns what a key stands for, if it is known.
    pub fn of(text: &str) -> Option<Self> {
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
pub struct KeyOf<T>(pub fn(&str) -> Option<T>);

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
