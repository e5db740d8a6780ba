//! The containers that are being written: how deep they go, and whether one holds itself.

#[cfg(not(Py_GIL_DISABLED))]
use std::ptr;

#[cfg(not(Py_GIL_DISABLED))]
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator};

use super::Writer;
use crate::error::{Error, Result};

/// Levels of nesting that are written, calls of the encoder included.
pub const MAX_DEPTH: usize = 255;

/// A key and its value.
pub(super) type Item<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// A container that is being written, or an object whose stand-in is.
pub(super) struct Level<'py> {
    pub(super) object: Bound<'py, PyAny>,
    pub(super) rest: Rest<'py>,
    pub(super) is_empty: bool,
}

/// What of it is not yet written.
pub(super) enum Rest<'py> {
    /// A dict's items from this position on, as `PyDict_Next` counts them. Only while no Python code runs.
    #[cfg(not(Py_GIL_DISABLED))]
    Dict(isize),
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

impl<'py> Rest<'py> {
    /// A dict's items as of now. Without the GIL another thread may change it at any time: there, a copy is needed at once.
    #[cfg(Py_GIL_DISABLED)]
    pub(super) fn of_dict(dict: &Bound<'py, PyDict>, items: &mut Vec<Item<'py>>) -> Self {
        let bottom = items.len();
        items.extend(dict.iter());
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
    pub(super) fn close(&mut self, bracket: &[u8]) {
        self.raw(bracket);
        self.levels.pop();
    }

    /// Copies what is left of the dicts that are being written: to be called before any Python code runs, which may change them.
    #[cfg_attr(not(Py_GIL_DISABLED), expect(unsafe_code, reason = "see next_entry"))]
    pub(super) fn settle(&mut self) {
        #[cfg(not(Py_GIL_DISABLED))]
        for level in &mut self.levels {
            if let Rest::Dict(position) = &mut level.rest {
                let bottom = self.items.len();
                // SAFETY: no Python code has run since the level was opened, so that the position is one of this very dict.
                while let Some((name, value)) = unsafe { next_entry(&level.object, position) } {
                    self.items.push((name.to_owned(), value.to_owned()));
                }
                self.items[bottom..].reverse();
                level.rest = Rest::Items(bottom);
            }
        }
    }
}

/// The next item of a dict, and the position moved on; None at the end.
///
/// # Safety
///
/// `dict` is a dict, `position` is 0 or left by the last call for the same dict, and no Python code has run in between, nor will before
/// the borrowed item's last use.
#[cfg(not(Py_GIL_DISABLED))]
#[inline]
#[expect(unsafe_code, reason = "copying the items of each dict takes an eighth of writing it")]
pub(super) unsafe fn next_entry<'a, 'py>(
    dict: &'a Bound<'py, PyAny>,
    position: &mut isize,
) -> Option<(Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>)> {
    let (mut name, mut value) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: of the caller. The dict keeps the item alive as long as nobody changes it.
    unsafe {
        if ffi::PyDict_Next(dict.as_ptr(), position, &raw mut name, &raw mut value) == 0 {
            return None;
        }
        Some((Borrowed::from_ptr(dict.py(), name), Borrowed::from_ptr(dict.py(), value)))
    }
}
