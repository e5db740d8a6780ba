//! The containers that are open while user code may run: how deep they are nested, and whether one contains itself.

use pyo3::prelude::*;
#[cfg(not(Py_GIL_DISABLED))]
use pyo3::types::PyList;
use pyo3::types::{PyIterator, PyTuple};

use crate::cpython::items::Item;
use crate::error::{Error, MAX_DEPTH, Result};

/// A container that is being written, or an object whose replacement is.
pub(super) struct Frame<'py> {
    pub(super) object: Bound<'py, PyAny>,
    pub(super) remaining: Remaining<'py>,
    pub(super) is_empty: bool,
}

/// The part of a container that is not written yet.
pub(super) enum Remaining<'py> {
    /// Items of a dict: a snapshot, since user code may change the dict.
    Items(std::vec::IntoIter<Item<'py>>),
    /// Elements of a list. Elements that user code appends are not written.
    #[cfg(not(Py_GIL_DISABLED))]
    List { at: usize, end: usize, list: Bound<'py, PyList> },
    /// Elements of a tuple, or of a snapshot of a list.
    Tuple { at: usize, tuple: Bound<'py, PyTuple> },
    /// The rest of an iterator.
    Iterator(Bound<'py, PyIterator>),
    /// The object that is written in place of one that JSON does not support. It is not an element: no comma, no bracket.
    Replacement(Option<Bound<'py, PyAny>>),
}

/// The stack of open containers, outermost first.
pub(super) struct Stack<'py>(Vec<Frame<'py>>);

impl<'py> Stack<'py> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The frames, outermost first.
    pub(super) fn frames(&self) -> &[Frame<'py>] {
        &self.0
    }

    pub(super) fn contains(&self, object: &Bound<'py, PyAny>) -> bool {
        self.0.iter().any(|frame| frame.object.is(object))
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Frame<'py>> {
        self.0.last_mut()
    }

    /// Opens a container.
    pub(super) fn open(&mut self, object: &Bound<'py, PyAny>, remaining: Remaining<'py>) -> Result<()> {
        if self.contains(object) {
            return Err(Error::Circular);
        }
        if self.len() == MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        self.0.push(Frame { object: object.clone(), remaining, is_empty: true });
        Ok(())
    }

    /// Closes the innermost container.
    pub(super) fn close(&mut self) {
        self.0.pop();
    }

    /// Pushes a container whose depth and cycles are already checked.
    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) fn push(&mut self, frame: Frame<'py>) {
        self.0.push(frame);
    }

    /// Reverses the frames from a height on: they were pushed innermost first.
    #[cfg(not(Py_GIL_DISABLED))]
    pub(super) fn reverse_from(&mut self, height: usize) {
        self.0[height..].reverse();
    }
}

impl<'py> Remaining<'py> {
    /// Returns the next element of a list, tuple or iterator.
    pub(super) fn next_element(&mut self) -> Result<Option<Bound<'py, PyAny>>> {
        match self {
            #[cfg(not(Py_GIL_DISABLED))]
            Self::List { at, end, list } => {
                let place = *at;
                *at += 1;
                // User code may have shortened the list.
                Ok(if place < *end && place < list.len() { Some(list.get_item(place)?) } else { None })
            }
            Self::Tuple { at, tuple } => {
                *at += 1;
                Ok(if *at <= tuple.len() { Some(tuple.get_item(*at - 1)?) } else { None })
            }
            Self::Iterator(iterator) => Ok(iterator.next().transpose()?),
            Self::Items(_) | Self::Replacement(_) => Ok(None),
        }
    }
}
