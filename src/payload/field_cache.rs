//! The fields of a subject or tracker in encoded form: they are the same for many events, and are encoded only when they change.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

use super::fields::{DictWriter, FieldWriter};
use super::record::RecordWriter;
use crate::cpython::dict_version::{is_still, version_of};
use crate::cpython::items::{contains_same, items};
use crate::error::Result;
use crate::json::python::warn_of_replacements;
use crate::json::text::Replacements;
use crate::output::Output;
use crate::sync::rcu::{Rcu, RcuGuard};

/// Caches the encoded form of a dict of fields. It is reused while the dict contains the same objects in the same order.
pub struct FieldCache {
    entry: Rcu<EncodedFields>,
}

struct EncodedFields {
    /// The address of the dict that they were read from.
    address: usize,
    /// The version of that dict, or 0 until the dict is seen for the second time.
    version: AtomicU64,
    items: Vec<(Py<PyAny>, Py<PyAny>)>,
    record: Output,
    dict: Py<PyDict>,
}

/// Encoded fields, which stay the same while they are used.
pub struct CachedFields<'py>(RcuGuard<'py, EncodedFields>);

impl<'py> CachedFields<'py> {
    /// The fields as part of a record.
    pub fn record(&self) -> &[u8] {
        self.0.get().map_or(&[], |encoded| &encoded.record)
    }

    /// The fields as a dict that must not be changed.
    pub fn dict(&self, py: Python<'py>) -> Option<&Bound<'py, PyDict>> {
        self.0.get().map(|encoded| encoded.dict.bind(py))
    }
}

impl FieldCache {
    /// Creates an empty cache.
    pub const fn new() -> Self {
        Self { entry: Rcu::new() }
    }

    /// Returns the encoded fields of a dict, or `None` if a name is not in `names`, or if the text of a value may change.
    #[inline(always)]
    pub fn load<'py>(&self, dict: &Bound<'py, PyDict>, names: &[&str]) -> Result<Option<CachedFields<'py>>> {
        let entry = self.entry.load(dict.py());
        match entry.get() {
            Some(encoded) if encoded.is_current(dict) => Ok(Some(CachedFields(entry))),
            _ => self.encode(dict, names),
        }
    }

    /// Calls `read` with the fields of a dict as part of a record, if they are cached. Runs no Python code, and neither may `read`.
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    #[inline]
    pub fn peek<R>(&self, dict: &Bound<'_, PyDict>, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.entry.peek(dict.py(), |encoded| encoded.is_current(dict).then(|| read(&encoded.record)))?
    }

    #[cold]
    fn encode<'py>(&self, dict: &Bound<'py, PyDict>, names: &[&str]) -> Result<Option<CachedFields<'py>>> {
        let Some(encoded) = EncodedFields::new(dict, names)? else { return Ok(None) };
        Ok(Some(CachedFields(self.entry.replace(dict.py(), encoded))))
    }
}

impl EncodedFields {
    fn new(dict: &Bound<'_, PyDict>, names: &[&str]) -> Result<Option<Self>> {
        let (py, items) = (dict.py(), items(dict)?);
        let is_known = |name: &Bound<'_, PyAny>| {
            name.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| names.contains(&name)))
        };
        if !items.iter().all(|(name, value)| is_known(name) && is_immutable(value)) {
            return Ok(None);
        }
        let (mut record, mut replaced, mut counted) = (Output::new(), Replacements::default(), Replacements::default());
        RecordWriter::part(&mut record, &mut replaced).items(&items)?;
        record.check()?;
        let mut fields = DictWriter::begin(py, &mut counted)?;
        fields.items(&items)?;
        let fields = fields.end().unbind();
        warn_of_replacements(py, replaced)?;
        let items = items.into_iter().map(|(name, value)| (name.unbind(), value.unbind())).collect();
        Ok(Some(Self { address: address(dict), version: AtomicU64::new(0), items, record, dict: fields }))
    }

    /// Returns true if this is the encoded form of a dict as it is now.
    fn is_current(&self, dict: &Bound<'_, PyDict>) -> bool {
        let is_same_dict = self.address == address(dict);
        is_same_dict && is_still(dict, self.version.load(Ordering::Relaxed)) || self.has_same_items(dict, is_same_dict)
    }

    #[inline(never)]
    fn has_same_items(&self, dict: &Bound<'_, PyDict>, is_same_dict: bool) -> bool {
        // The critical section keeps other threads from changing the dict during the comparison.
        with_critical_section(dict, || {
            let version = if is_same_dict { version_of(dict) } else { 0 };
            let contains_same = contains_same(dict, &self.items);
            if contains_same && is_same_dict {
                self.version.store(version, Ordering::Relaxed);
            }
            contains_same
        })
    }
}

fn address(dict: &Bound<'_, PyDict>) -> usize {
    dict.as_ptr() as usize
}

fn is_immutable(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
}
