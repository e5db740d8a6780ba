//! Facts that hold for many events, a subject's or a tracker's: encoded when they change, not for every event.

use std::ptr;
use std::sync::{Mutex, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use crate::error::Result;
use crate::json::Lossy;
use crate::payload::{self, Fields, Record};

/// The fields of a dict as part of a record, kept as long as the dict holds the very same objects in the same order.
#[derive(Default)]
pub struct Facts {
    encoded: Mutex<Option<Encoded>>,
}

struct Encoded {
    items: Vec<(Py<PyAny>, Py<PyAny>)>,
    fields: Vec<u8>,
}

impl Facts {
    /// Appends the fields of `dict` to a record; false, and nothing is written, where one of them is not in `names` or is of a type
    /// whose text may change.
    pub fn write(&self, record: &mut Record<'_>, dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<bool> {
        // No Python code runs while this lock is held: all names and values are of exact, immutable types.
        let mut encoded = self.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        if !encoded.as_ref().is_some_and(|encoded| encoded.is_of(dict)) {
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
        Ok(Some(Self { items, fields }))
    }

    #[expect(unsafe_code, reason = "references to each item would take a twentieth of track()")]
    fn is_of(&self, dict: &Bound<'_, PyDict>) -> bool {
        with_critical_section(dict, || {
            let mut known = self.items.iter();
            let mut position = 0;
            let (mut name, mut value) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: the dict is alive, and nobody changes it before the loop ends: no Python code runs in it, and without the GIL
            // the critical section holds the dict. The borrowed names and values are compared by address and not kept.
            while unsafe { ffi::PyDict_Next(dict.as_ptr(), &raw mut position, &raw mut name, &raw mut value) } != 0 {
                if !known.next().is_some_and(|known| known.0.as_ptr() == name && known.1.as_ptr() == value) {
                    return false;
                }
            }
            known.next().is_none()
        })
    }
}

fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
