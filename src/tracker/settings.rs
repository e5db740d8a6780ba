//! The settings of a tracker, and the caches of the fields that it adds to each event.

use pyo3::prelude::*;

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
        }
    }
}
