//! The entities of a line.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::described::Memory;
use super::line::Line;
use super::names::{DATA, Key, KeyOf, SCHEMA};
use super::value::unusual;

/// The entities of a line: a list, or null.
pub struct Entities<'a, 'b>(pub &'a mut Line<'b>);

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
