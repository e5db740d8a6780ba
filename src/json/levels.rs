//! The containers that are being written: how deep they go, and whether one holds itself.

use pyo3::prelude::*;
use pyo3::types::PyIterator;

use super::Writer;
use crate::error::{Error, Result};

/// Levels of nesting that are written, calls of the encoder included.
pub const MAX_DEPTH: usize = 255;

/// A container that is being written, or an object whose stand-in is.
pub(super) struct Level<'py> {
    pub(super) object: Bound<'py, PyAny>,
    pub(super) rest: Rest<'py>,
    pub(super) is_empty: bool,
}

/// What of it is not yet written.
pub(super) enum Rest<'py> {
    /// A dict's items: those above this height of the stack of items.
    Items(usize),
    /// A list's items from `at` on; those that come to it meanwhile are not written.
    List { at: usize, end: usize },
    /// A tuple's items.
    Tuple { at: usize },
    /// What an iterator gives.
    Iterator(Bound<'py, PyIterator>),
    /// What the encoder returned in its place, until that is begun.
    Encoded(Option<Bound<'py, PyAny>>),
}

impl<'py> Writer<'_, 'py> {
    /// Goes one level down, into `object`.
    pub(super) fn open(&mut self, object: &Bound<'py, PyAny>, rest: Rest<'py>) -> Result<()> {
        if self.levels.iter().any(|level| level.object.is(object)) {
            return Err(Error::Circular);
        }
        if self.levels.len() == MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        self.levels.push(Level { object: object.clone(), rest, is_empty: true });
        Ok(())
    }

    /// Comes one level back up.
    pub(super) fn close(&mut self, bracket: &[u8]) {
        self.raw(bracket);
        self.levels.pop();
    }
}
