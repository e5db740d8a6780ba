//! Facts that hold for many events, a subject's or a tracker's: encoded when they change, not for every event.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use crate::dict_version::version_of;
use crate::error::Result;
use crate::guarded::Guarded;
use crate::json::Lossy;
use crate::payload::{self, Fields, Record};

/// The fields of a dict as part of a record, kept as long as the dict holds the very same objects in the same order.
pub struct Facts {
    encoded: Guarded<Option<Encoded>>,
}

struct Encoded {
    version: u64,
    items: Vec<(Py<PyAny>, Py<PyAny>)>,
    fields: Vec<u8>,
}

impl Facts {
    /// None yet.
    pub const fn new() -> Self {
        Self { encoded: Guarded::new(None) }
    }

    /// Appends the fields of `dict` to a record; false, and nothing is written, where one of them is not in `names` or is of a type
    /// whose text may change.
    pub fn write(&self, record: &mut Record<'_>, dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<bool> {
        let version = version_of(dict);
        let is_written = self.encoded.with(dict.py(), |encoded| match encoded {
            Some(encoded) if version != 0 && encoded.version == version => {
                record.raw(&encoded.fields);
                true
            }
            _ => false,
        });
        if is_written { Ok(true) } else { self.write_anew(record, dict, names) }
    }

    #[cold]
    fn write_anew(&self, record: &mut Record<'_>, dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<bool> {
        let items = payload::items(dict);
        let is_written = self.encoded.with(dict.py(), |encoded| match encoded {
            Some(encoded) if encoded.is_of(&items) => {
                encoded.version = version_of(dict);
                record.raw(&encoded.fields);
                true
            }
            _ => false,
        });
        if is_written {
            return Ok(true);
        }
        let encoded = Encoded::new(dict, items, names, record.lossy())?;
        if let Some(encoded) = &encoded {
            record.raw(&encoded.fields);
        }
        let is_written = encoded.is_some();
        drop(self.encoded.with(dict.py(), |kept| std::mem::replace(kept, encoded)));
        Ok(is_written)
    }
}

impl Encoded {
    fn new(
        dict: &Bound<'_, PyDict>,
        items: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
        names: &[&str],
        lossy: &mut Lossy,
    ) -> Result<Option<Self>> {
        let is_known = |name: &Bound<'_, PyAny>| {
            name.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| names.contains(&name)))
        };
        if !items.iter().all(|(name, value)| is_known(name) && is_constant(value)) {
            return Ok(None);
        }
        let version = version_of(dict);
        let mut fields = Vec::new();
        Record::part(&mut fields, lossy).items(&items)?;
        let items = items.into_iter().map(|(name, value)| (name.unbind(), value.unbind())).collect();
        Ok(Some(Self { version, items, fields }))
    }

    fn is_of(&self, items: &[(Bound<'_, PyAny>, Bound<'_, PyAny>)]) -> bool {
        items.len() == self.items.len()
            && items.iter().zip(&self.items).all(|(item, known)| item.0.is(&known.0) && item.1.is(&known.1))
    }
}

fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
