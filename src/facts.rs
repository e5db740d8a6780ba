//! Facts that hold for many events, a subject's or a tracker's: encoded when they change, not for every event.

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use crate::container_items::{self, holds_same, items};
use crate::dict_version::version_of;
use crate::error::Result;
use crate::guarded::Guarded;
use crate::json::Lossy;
use crate::payload::{Dict, Fields, Record};
use crate::python;

/// What the fields of a dict come to, kept as long as the dict holds the very same objects in the same order.
pub struct Facts {
    encoded: Guarded<Option<Encoded>>,
}

struct Encoded {
    version: u64,
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
        Self { encoded: Guarded::new(None) }
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

    fn read<R>(
        &self,
        dict: &Bound<'_, PyDict>,
        names: &[&str],
        mut read: impl FnMut(&Encoded) -> R,
    ) -> Result<Option<R>> {
        let version = version_of(dict);
        // Nobody changes the dict while its items are compared.
        let kept = with_critical_section(dict, || {
            self.encoded.with(dict.py(), |encoded| {
                let encoded = encoded.as_mut()?;
                if (version == 0 || version != encoded.version) && !holds_same(dict, &encoded.items) {
                    return None;
                }
                encoded.version = version;
                Some(read(encoded))
            })
        });
        if kept.is_some() { Ok(kept) } else { self.read_anew(dict, names, read) }
    }

    #[cold]
    fn read_anew<R>(
        &self,
        dict: &Bound<'_, PyDict>,
        names: &[&str],
        read: impl FnMut(&Encoded) -> R,
    ) -> Result<Option<R>> {
        let (version, items) = (version_of(dict), items(dict));
        let encoded = Encoded::new(dict.py(), version, items, names)?;
        let result = encoded.as_ref().map(read);
        drop(self.encoded.with(dict.py(), |kept| std::mem::replace(kept, encoded)));
        Ok(result)
    }
}

impl Encoded {
    fn new(
        py: Python<'_>,
        version: u64,
        items: Vec<container_items::Item<'_>>,
        names: &[&str],
    ) -> Result<Option<Self>> {
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
        let dict = fields.end().unbind();
        python::warn_of_loss(py, lossy)?;
        let items = items.into_iter().map(|(name, value)| (name.unbind(), value.unbind())).collect();
        Ok(Some(Self { version, items, record, dict }))
    }
}

fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
