//! The fields of a subject or tracker, for a dict.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::cpython::items::{Item, items};
use crate::error::Result;
use crate::payload::field_cache::{CachedFields, FieldCache};
use crate::payload::fields::{DictWriter, FieldWriter};

/// The fields that a subject or tracker adds to a dict: a snapshot, since user code that runs meanwhile may change them.
pub enum ExtraFields<'py> {
    /// Cached ones.
    Cached(CachedFields<'py>),
    /// Names and values.
    Items(Vec<Item<'py>>),
}

impl<'py> ExtraFields<'py> {
    /// Reads the fields of a dict.
    pub fn read(cache: &FieldCache, dict: &Bound<'py, PyDict>, names: &[&str]) -> Result<Self> {
        Ok(match cache.load(dict, names)? {
            Some(cached) => Self::Cached(cached),
            None => Self::Items(items(dict)?),
        })
    }

    /// Writes the fields.
    pub fn add_to(&self, fields: &mut DictWriter<'_, 'py>, py: Python<'py>) -> Result<()> {
        match self {
            Self::Cached(cached) => cached.dict(py).map_or(Ok(()), |dict| fields.update(dict)),
            Self::Items(items) => fields.items(items),
        }
    }
}
