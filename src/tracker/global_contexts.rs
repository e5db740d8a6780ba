//! Entities that a tracker adds to every event. They are encoded once.

use std::borrow::Cow;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::sync::rcu::CloneWithGil;

/// Entities with their JSON.
#[derive(Default)]
pub struct GlobalContexts {
    entities: Vec<(Py<PyAny>, Vec<u8>)>,
    /// The JSON of all, with commas between them.
    joined: Vec<u8>,
}

impl CloneWithGil for GlobalContexts {
    fn clone_with_gil(&self, py: Python<'_>) -> Self {
        let entities = self.entities.iter().map(|(entity, json)| (entity.clone_ref(py), json.clone())).collect();
        Self { entities, joined: self.joined.clone() }
    }
}

impl GlobalContexts {
    /// Creates the contexts from entities and their JSON.
    pub fn new(entities: Vec<(Py<PyAny>, Vec<u8>)>) -> Self {
        let joined = join(entities.iter().map(|(_, json)| json.as_slice()));
        Self { entities, joined }
    }

    /// Returns true if there are none.
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Returns the JSON of the entities that an event does not have itself.
    pub fn missing_in(&self, own: &[Bound<'_, PyAny>]) -> Cow<'_, [u8]> {
        let is_own = |entity: &Py<PyAny>| own.iter().any(|own| own.is(entity));
        if own.is_empty() || !self.entities.iter().any(|(entity, _)| is_own(entity)) {
            return Cow::Borrowed(&self.joined);
        }
        let missing = self.entities.iter().filter(|(entity, _)| !is_own(entity));
        Cow::Owned(join(missing.map(|(_, json)| json.as_slice())))
    }

    /// Visits all objects, for the garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.entities.iter().try_for_each(|(entity, _)| visit.call(entity))
    }
}

fn join<'a>(json: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    json.collect::<Vec<_>>().join(&b',')
}
