//! Facts that hold for many events, a subject's or a tracker's: encoded when they change, not for every event.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use crate::dict_version::version_of;
use crate::error::Result;
use crate::json::Lossy;
use crate::payload::{self, Fields, Record};

/// The fields of a dict as part of a record, kept as long as the dict holds the very same objects in the same order.
#[derive(Default)]
pub struct Facts {
    encoded: Mutex<Option<Encoded>>,
}

struct Encoded {
    version: u64,
    items: Vec<(Py<PyAny>, Py<PyAny>)>,
    fields: Vec<u8>,
}

impl Facts {
    /// Appends the fields of `dict` to a record; false, and nothing is written, where one of them is not in `names` or is of a type
    /// whose text may change.
    pub fn write(&self, record: &mut Record<'_>, dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<bool> {
        // No Python code runs while this lock is held: all names and values are of exact, immutable types.
        let mut encoded = self.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        if !encoded.as_mut().is_some_and(|encoded| encoded.is_of(dict)) {
            *encoded = Encoded::new(dict, names, record.lossy())?;
        }
        if let Some(encoded) = &*encoded {
            record.raw(&encoded.fields);
        }
        Ok(encoded.is_some())
    }
}

impl Encoded {
    fn new(dict: &Bound<'_, PyDict>, names: &[&str], lossy: &mut Lossy) -> Result<Option<Self>> {
        let is_known = |name: &Bound<'_, PyAny>| {
            name.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| names.contains(&name)))
        };
        if !dict.iter().all(|(name, value)| is_known(&name) && is_constant(&value)) {
            return Ok(None);
        }
        let mut fields = Vec::new();
        Record::part(&mut fields, lossy).items(&payload::items(dict))?;
        let items = dict.iter().map(|(name, value)| (name.unbind(), value.unbind())).collect();
        Ok(Some(Self { version: version_of(dict), items, fields }))
    }

    fn is_of(&mut self, dict: &Bound<'_, PyDict>) -> bool {
        let version = version_of(dict);
        if version != 0 && version == self.version {
            return true;
        }
        let is_same = self.has_items_of(dict);
        if is_same {
            self.version = version;
        }
        is_same
    }

    fn has_items_of(&self, dict: &Bound<'_, PyDict>) -> bool {
        dict.len() == self.items.len()
            && dict.iter().zip(&self.items).all(|((name, value), known)| name.is(&known.0) && value.is(&known.1))
    }
}

fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
