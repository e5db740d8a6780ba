//! Facts that hold for many events, a subject's or a tracker's: encoded when they change, not for every event.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use crate::container_items::{holds_same, items};
use crate::dict_version::{is_still, version_of};
use crate::error::Result;
use crate::json::Lossy;
use crate::payload::{Dict, Fields, Record};
use crate::python;
use crate::shared::Shared;

/// What the fields of a dict come to, kept as long as the dict holds the very same objects in the same order.
pub struct Facts {
    encoded: Shared<Encoded>,
}

struct Encoded {
    /// The dict that they were read from, by its address, and its version, which is not known before it is seen again.
    address: usize,
    version: AtomicU64,
    items: Vec<KeptItem>,
    /// The fields as part of a record.
    record: Vec<u8>,
    /// The fields as part of a dict. Nobody changes it.
    dict: Py<PyDict>,
}

type KeptItem = (Py<PyAny>, Py<PyAny>);

impl Facts {
    /// None yet.
    pub const fn new() -> Self {
        Self { encoded: Shared::new() }
    }

    /// Appends the fields of `dict` to a record; false, and nothing is written, where one of them is not in `names` or is of a type
    /// whose text may change.
    pub fn write(&self, record: &mut Record<'_>, dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<bool> {
        self.read(dict, names, |encoded| record.raw(&encoded.record)).map(|read| read.is_some())
    }

    /// The fields of `dict` as they leave in a dict, which is not to be changed. None as above.
    pub fn fields<'py>(&self, dict: &Bound<'py, PyDict>, names: &[&str]) -> Result<Option<Bound<'py, PyDict>>> {
        self.read(dict, names, |encoded| encoded.dict.bind(dict.py()).clone())
    }

    fn read<R>(&self, dict: &Bound<'_, PyDict>, names: &[&str], read: impl FnOnce(&Encoded) -> R) -> Result<Option<R>> {
        match self.encoded.load(dict.py()).get() {
            Some(encoded) if encoded.is_of(dict) => Ok(Some(read(encoded))),
            _ => self.read_anew(dict, names, read),
        }
    }

    #[cold]
    fn read_anew<R>(
        &self,
        dict: &Bound<'_, PyDict>,
        names: &[&str],
        read: impl FnOnce(&Encoded) -> R,
    ) -> Result<Option<R>> {
        let Some(encoded) = Encoded::new(dict, names)? else { return Ok(None) };
        let result = read(&encoded);
        self.encoded.replace(dict.py(), encoded);
        Ok(Some(result))
    }
}

impl Encoded {
    fn new(dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<Option<Self>> {
        let (py, items) = (dict.py(), items(dict));
        let is_known = |name: &Bound<'_, PyAny>| {
            name.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| names.contains(&name)))
        };
        if !items.iter().all(|(name, value)| is_known(name) && is_constant(value)) {
            return Ok(None);
        }
        let (mut record, mut lossy, mut counted) = (Vec::new(), Lossy::default(), Lossy::default());
        Record::part(&mut record, &mut lossy).items(&items)?;
        let mut fields = Dict::begin(py, &mut counted);
        fields.items(&items)?;
        let fields = fields.end().unbind();
        python::warn_of_loss(py, lossy)?;
        let items = items.into_iter().map(|(name, value)| (name.unbind(), value.unbind())).collect();
        Ok(Some(Self { address: address(dict), version: AtomicU64::new(0), items, record, dict: fields }))
    }

    /// Whether a dict comes to this.
    fn is_of(&self, dict: &Bound<'_, PyDict>) -> bool {
        let is_same_dict = self.address == address(dict);
        if is_same_dict && is_still(dict, self.version.load(Ordering::Relaxed)) {
            return true;
        }
        // Nobody changes the dict while its items are compared.
        with_critical_section(dict, || {
            let version = if is_same_dict { version_of(dict) } else { 0 };
            let holds_same = holds_same(dict, &self.items);
            if holds_same && is_same_dict {
                self.version.store(version, Ordering::Relaxed);
            }
            holds_same
        })
    }
}

fn address(dict: &Bound<'_, PyDict>) -> usize {
    dict.as_ptr() as usize
}

fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
