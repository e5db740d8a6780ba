//! The containers that are being written: how deep they go, and whether one holds itself.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};

use super::writer::Writer;
use crate::cpython::items::Item;
#[cfg(Py_GIL_DISABLED)]
use crate::cpython::items::append_items;
#[cfg(not(Py_GIL_DISABLED))]
use crate::cpython::items::next_entry;
use crate::error::{Error, MAX_DEPTH, Result};

/// A container that is being written, or an object whose stand-in is.
pub(super) struct Frame<'py> {
    pub(super) object: Bound<'py, PyAny>,
    pub(super) rest: Remaining<'py>,
    pub(super) is_empty: bool,
}

/// What of it is not yet written.
pub(super) enum Remaining<'py> {
    /// A dict's items from this position on, as `PyDict_Next` counts them, as long as nobody changes the dict.
    #[cfg(not(Py_GIL_DISABLED))]
    DictWriter(isize),
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

impl<'py> Remaining<'py> {
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
        Self::DictWriter(0)
    }
}

impl<'py> Writer<'_, 'py> {
    /// Goes one level down, into `object`.
    pub(super) fn open(&mut self, object: &Bound<'py, PyAny>, rest: Remaining<'py>) -> Result<()> {
        if self.frames.iter().any(|frame| frame.object.is(object)) {
            return Err(Error::Circular);
        }
        if self.frames.len() == MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        self.frames.push(Frame { object: object.clone(), rest, is_empty: true });
        Ok(())
    }

    /// Comes one level back up.
    pub(super) fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.frames.pop();
    }

    /// Copies what is left of the dicts that are being written: to be called before Python code runs that may change them.
    pub(super) fn snapshot_open_dicts(&mut self) {
        #[cfg(not(Py_GIL_DISABLED))]
        for frame in &mut self.frames {
            if let (Remaining::DictWriter(position), Ok(dict)) = (&mut frame.rest, frame.object.cast::<PyDict>()) {
                let bottom = self.items.len();
                while let Some(item) = next_entry(dict, position) {
                    self.items.push(item);
                }
                self.items[bottom..].reverse();
                frame.rest = Remaining::Items(bottom);
            }
        }
    }
}
