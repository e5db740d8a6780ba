//! The settings of a tracker, and the caches of the fields that it adds to each event.

use pyo3::prelude::*;
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
use pyo3::types::{PyBool, PyDict, PyList};

use super::additions::{Additions, Dropped};
use crate::payload::field_cache::FieldCache;
use crate::sync::rcu::{CloneWithGil, Rcu};

/// The native state of a tracker.
pub struct TrackerState {
    /// Empty until the constructor of `Tracker` has run.
    pub settings: Rcu<Settings>,
    /// The encoded fields of the tracker itself.
    pub tracker_fields: FieldCache,
    /// The encoded fields of the tracker's subject.
    pub subject_fields: FieldCache,
    /// The encoded fields of subjects in a scope.
    pub scope_fields: FieldCache,
    /// How many events were dropped.
    pub dropped: Dropped,
}

impl TrackerState {
    /// Creates the state before the constructor of `Tracker` has run.
    pub const fn new() -> Self {
        Self {
            settings: Rcu::new(),
            tracker_fields: FieldCache::new(),
            subject_fields: FieldCache::new(),
            scope_fields: FieldCache::new(),
            dropped: Dropped::new(),
        }
    }
}

/// The attributes that a program may set.
#[derive(Default)]
pub struct Settings {
    /// An iterable of emitters, usually a list.
    pub emitters: Option<Py<PyAny>>,
    /// The subject, if any.
    pub subject: Option<Py<PyAny>>,
    /// Whether JSON is sent as base64.
    pub encode_base64: Option<Py<PyAny>>,
    /// The program's function for objects that JSON does not support.
    pub json_encoder: Option<Py<PyAny>>,
    /// The fields that the tracker adds to each event.
    pub standard_nv_pairs: Option<Py<PyAny>>,
    /// Whether a method that `track` calls was replaced on this instance.
    pub is_patched: bool,
    /// What the program has added or switched off, if anything.
    pub additions: Option<Box<Additions>>,
    /// Whether `usual` may return something: set by `TrackerCore` at each change.
    pub is_usual: bool,
}

/// The settings of a usual tracker: see `usual.rs`.
#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
pub struct UsualSettings<'a, 'py> {
    pub emitters: &'a Bound<'py, PyList>,
    pub subject: Option<&'a Bound<'py, PyAny>>,
    pub standard_nv_pairs: &'a Bound<'py, PyDict>,
    pub base64: bool,
    /// The variable with the current scope, if the tracker reads it.
    pub scope: Option<&'a Bound<'py, PyAny>>,
}

#[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
impl Settings {
    /// Returns true if all settings have the usual types, and none of them takes the general way. The encoder makes no difference: plain
    /// data never goes there.
    pub fn are_usual(&self, py: Python<'_>) -> bool {
        let (Some(emitters), Some(base64), Some(fields)) =
            (&self.emitters, &self.encode_base64, &self.standard_nv_pairs)
        else {
            return false;
        };
        !self.is_patched
            && self.additions.as_ref().is_none_or(|additions| additions.is_scope_only())
            && emitters.bind(py).is_exact_instance_of::<PyList>()
            && base64.bind(py).is_exact_instance_of::<PyBool>()
            && fields.bind(py).is_exact_instance_of::<PyDict>()
    }

    /// Returns the settings of a usual tracker.
    #[inline(always)]
    pub fn usual<'py>(&self, py: Python<'py>) -> Option<UsualSettings<'_, 'py>> {
        if !self.is_usual {
            return None;
        }
        Some(UsualSettings {
            emitters: self.emitters.as_ref()?.bind(py).cast_exact().ok()?,
            subject: self.subject.as_ref().map(|subject| subject.bind(py)),
            standard_nv_pairs: self.standard_nv_pairs.as_ref()?.bind(py).cast_exact().ok()?,
            base64: self.encode_base64.as_ref()?.bind(py).cast_exact::<PyBool>().ok()?.is_true(),
            scope: self.additions.as_ref().and_then(|additions| additions.scope.as_ref()).map(|scope| scope.bind(py)),
        })
    }
}

impl CloneWithGil for Settings {
    fn clone_with_gil(&self, py: Python<'_>) -> Self {
        let clone = |object: &Option<Py<PyAny>>| object.as_ref().map(|object| object.clone_ref(py));
        Self {
            emitters: clone(&self.emitters),
            subject: clone(&self.subject),
            encode_base64: clone(&self.encode_base64),
            json_encoder: clone(&self.json_encoder),
            standard_nv_pairs: clone(&self.standard_nv_pairs),
            is_patched: self.is_patched,
            additions: self.additions.as_ref().map(|additions| Box::new(additions.clone_with_gil(py))),
            is_usual: self.is_usual,
        }
    }
}
