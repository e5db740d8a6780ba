//! Self-describing data of lines, and the memory for it.

use serde::de::{Deserializer, Error};

use super::keys::Keys;
use super::schema::Schemas;
use super::value::{Value, unusual};
use crate::envelope::Envelope;
use crate::output::Output;

/// Memory for the parts of a line, and what is remembered from one line to the next.
#[derive(Default)]
pub struct Memory {
    /// Keys of open objects.
    pub keys: Keys,
    /// Schemas that were seen.
    pub schemas: Schemas,
    /// The event of a line.
    pub event: Described,
    /// One of its entities.
    pub entity: Described,
    /// The JSON of a field.
    pub json: Output,
}

/// A schema URI and data.
#[derive(Default)]
pub struct Described {
    schema: Output,
    data: Output,
}

impl Memory {
    /// Starts the JSON of a field.
    pub fn begin_json(&mut self, envelope: &Envelope) {
        self.json.clear();
        self.json.extend_from_slice(envelope.tail());
    }
}

impl Described {
    /// Keeps a schema. Fails if it is not usual.
    pub fn set_schema<E: Error>(&mut self, text: &str, schemas: &mut Schemas) -> Result<(), E> {
        if !schemas.knows(text) {
            return Err(unusual());
        }
        self.schema.clear();
        self.schema.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Writes data, which has to be an object.
    pub fn read_data<'de, D: Deserializer<'de>>(&mut self, keys: &mut Keys, deserializer: D) -> Result<(), D::Error> {
        self.data.clear();
        Value { out: &mut self.data, keys }.object(deserializer)
    }

    /// Appends the whole as JSON.
    pub fn append_to(&self, json: &mut Output) {
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
