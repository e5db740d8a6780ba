//! The containers that are being written: how deep they go, and whether one holds itself.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};

use super::Writer;
use crate::container_items::Item;
#[cfg(Py_GIL_DISABLED)]
use crate::container_items::append_items;
#[cfg(not(Py_GIL_DISABLED))]
use crate::container_items::next_entry;
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
    /// A dict's items from this position on, as `PyDict_Next` counts them, as long as nobody changes the dict.
    #[cfg(not(Py_GIL_DISABLED))]
    Dict(isize),
    /// A dict's items: those above this height of the stack of items.
    Items(usize),
    /// A list's items from `at` on; those that come to it meanwhile are not written.
    #[cfg(not(Py_GIL_DISABLED))]
    List { at: usize, end: usize },
    /// A tuple's items from `at` on: those of this very level, or of a list as it was.
    Tuple { at: usize, tuple: Bound<'py, PyTuple> },
    /// What an iterator gives.
    Iterator(Bound<'py, PyIterator>),
    /// What the encoder returned in its place, until that is begun.
    Encoded(Option<Bound<'py, PyAny>>),
}

impl<'py> Rest<'py> {
    /// A dict's items as of now. Without the GIL another thread may change it at any time: there, a copy is needed at once.
    #[cfg(Py_GIL_DISABLED)]
    pub(super) fn of_dict(dict: &Bound<'py, PyDict>, items: &mut Vec<Item<'py>>) -> Self {
        let bottom = items.len();
        append_items(items, dict);
        items[bottom..].reverse();
        Self::Items(bottom)
    }

    /// A dict's items as of now.
    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) fn of_dict(_dict: &Bound<'py, PyDict>, _items: &mut Vec<Item<'py>>) -> Self {
        Self::Dict(0)
    }
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
    pub(super) fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.levels.pop();
    }

    /// Copies what is left of the dicts that are being written: to be called before Python code runs that may change them.
    pub(super) fn settle(&mut self) {
        #[cfg(not(Py_GIL_DISABLED))]
        for level in &mut self.levels {
            if let (Rest::Dict(position), Ok(dict)) = (&mut level.rest, level.object.cast::<PyDict>()) {
                let bottom = self.items.len();
                while let Some(item) = next_entry(dict, position) {
                    self.items.push(item);
                }
                self.items[bottom..].reverse();
                level.rest = Rest::Items(bottom);
            }
        }
    }
}
