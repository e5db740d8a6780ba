//! Plain data, by recursion: exact dicts, lists and tuples of exact scalars, which nearly all data is.
//!
//! No user code runs in here. At the first object that may run some, the recursion ends: on its way back, each open container pushes a
//! frame with a snapshot of its remaining items to the writer's stack, and the writer goes on from there. Containers are owned and scalars
//! borrowed. Without the GIL, other threads could change the containers meanwhile: there, this file is not compiled.
#![cfg(not(Py_GIL_DISABLED))]

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::escape;
use super::stack::{Frame, Remaining};
use super::writer::Writer;
use crate::cpython::items::{borrowed_element, borrowed_entry, items_from};
use crate::cpython::str::borrowed_utf8;
use crate::error::{Error, MAX_DEPTH, Result};
use crate::output::NoMemory;

/// The most levels on the thread's stack. A level takes some 300 bytes, and threads on musl have 128 KiB for everything. Deeper containers
/// are written after the recursion has moved to the writer's stack.
const MAX_RECURSION: usize = 64;

/// The result of writing an object.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Done,
    /// The remaining part is on the writer's stack, except for `Writer::pending`.
    Paused,
    Circular,
    TooDeep,
    NoMemory,
}

/// An open container, linked to the one that contains it.
struct Level<'a> {
    address: usize,
    depth: usize,
    parent: Option<&'a Level<'a>>,
}

impl<'py> Writer<'_, 'py> {
    /// Appends an object. If it is not plain, the rest of it is left on the stack.
    pub(super) fn begin_container(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        let height = self.stack.len();
        match self.plain_container(object, None) {
            Progress::Done => Ok(()),
            Progress::Paused => {
                self.stack.reverse_from(height);
                match self.pending.take() {
                    Some(pending) if is_container(&pending) => self.begin_container(&pending),
                    Some(pending) => self.begin_uncommon(&pending),
                    None => Ok(()),
                }
            }
            Progress::Circular => Err(Error::Circular),
            Progress::TooDeep => Err(Error::TooDeep),
            Progress::NoMemory => Err(Error::NoMemory),
        }
    }

    fn plain_container(&mut self, object: &Bound<'py, PyAny>, parent: Option<&Level<'_>>) -> Progress {
        let depth = parent.map_or_else(|| self.stack.len(), |parent| parent.depth) + 1;
        let level = Level { address: object.as_ptr() as usize, depth, parent };
        if depth > self.stack.len() + MAX_RECURSION {
            self.pause_at(object)
        } else if let Ok(dict) = object.cast_exact::<PyDict>() {
            self.plain_dict(dict, &level)
        } else if let Ok(list) = object.cast_exact::<PyList>() {
            self.plain_list(list, &level)
        } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            self.plain_tuple(tuple, &level)
        } else {
            self.pause_at(object)
        }
    }

    #[cold]
    #[inline(never)]
    fn pause_at(&mut self, object: &Bound<'py, PyAny>) -> Progress {
        self.pending = Some(object.clone());
        Progress::Paused
    }

    /// Checks depth and cycles of a container.
    fn check(&self, object: &Bound<'py, PyAny>, level: &Level<'_>) -> Progress {
        let mut ancestor = level.parent;
        while let Some(open) = ancestor {
            if open.address == level.address {
                return Progress::Circular;
            }
            ancestor = open.parent;
        }
        if self.stack.contains(object) {
            Progress::Circular
        } else if level.depth > MAX_DEPTH {
            Progress::TooDeep
        } else {
            Progress::Done
        }
    }

    #[expect(unsafe_code, reason = "see borrowed_entry")]
    fn plain_dict(&mut self, dict: &Bound<'py, PyDict>, level: &Level<'_>) -> Progress {
        let checked = self.check(dict, level);
        if checked != Progress::Done {
            return checked;
        }
        self.out.push(b'{');
        let (mut position, mut start, mut is_first) = (0, 0, true);
        // SAFETY: reading borrowed UTF-8 and writing a constant run no Python code. Any other object is owned first.
        while let Some((key, value)) = unsafe { borrowed_entry(dict, &mut position) } {
            let progress = if let Some(text) = borrowed_utf8(&key) {
                escape::append_key(self.out, text, is_first);
                if self.constant(&value) { Progress::Done } else { self.plain_rest(&value.to_owned(), level) }
            } else {
                let (key, value) = (key.to_owned(), value.to_owned());
                if !self.plain_key(&key, is_first) {
                    return self.pause_dict(dict, start, is_first);
                }
                if self.constant(&value) { Progress::Done } else { self.plain_rest(&value, level) }
            };
            match progress {
                Progress::Done => {}
                Progress::Paused => return self.pause_dict(dict, position, false),
                failed => return failed,
            }
            (start, is_first) = (position, false);
        }
        self.out.push(b'}');
        Progress::Done
    }

    /// Writes a value that is no constant.
    #[inline]
    fn plain_rest(&mut self, value: &Bound<'py, PyAny>, level: &Level<'_>) -> Progress {
        if self.plain_text(value) { Progress::Done } else { self.plain_container(value, Some(level)) }
    }

    /// Writes a key that is a string, but not Latin-1. An error handler of the program may run.
    #[inline(never)]
    fn plain_key(&mut self, key: &Bound<'py, PyAny>, is_first: bool) -> bool {
        let start = self.out.len();
        if !is_first {
            self.out.push(b',');
        }
        if self.plain_text(key) {
            self.out.push(b':');
            return true;
        }
        self.out.truncate(start);
        false
    }

    #[expect(unsafe_code, reason = "see borrowed_element")]
    fn plain_list(&mut self, list: &Bound<'py, PyList>, level: &Level<'_>) -> Progress {
        let checked = self.check(list, level);
        if checked != Progress::Done {
            return checked;
        }
        self.out.push(b'[');
        let mut at = 0;
        // SAFETY: as in `plain_dict`.
        while let Some(element) = unsafe { borrowed_element(list, at) } {
            if at > 0 {
                self.out.push(b',');
            }
            at += 1;
            if self.constant(&element) {
                continue;
            }
            match self.plain_rest(&element.to_owned(), level) {
                Progress::Done => {}
                Progress::Paused => return self.pause_list(list, at),
                failed => return failed,
            }
        }
        self.out.push(b']');
        Progress::Done
    }

    fn plain_tuple(&mut self, tuple: &Bound<'py, PyTuple>, level: &Level<'_>) -> Progress {
        let checked = self.check(tuple, level);
        if checked != Progress::Done {
            return checked;
        }
        self.out.push(b'[');
        let mut at = 0;
        while let Ok(element) = tuple.get_borrowed_item(at) {
            if at > 0 {
                self.out.push(b',');
            }
            at += 1;
            if self.plain_scalar(&element) {
                continue;
            }
            match self.plain_container(&element, Some(level)) {
                Progress::Done => {}
                Progress::Paused => return self.pause_tuple(tuple, at),
                failed => return failed,
            }
        }
        self.out.push(b']');
        Progress::Done
    }

    #[cold]
    #[inline(never)]
    fn pause_dict(&mut self, dict: &Bound<'py, PyDict>, position: isize, is_empty: bool) -> Progress {
        match items_from(dict, position) {
            Ok(items) => self.pause(dict, Remaining::Items(items.into_iter()), is_empty),
            Err(NoMemory) => Progress::NoMemory,
        }
    }

    #[cold]
    #[inline(never)]
    fn pause_list(&mut self, list: &Bound<'py, PyList>, at: usize) -> Progress {
        self.pause(list, Remaining::List { at, end: list.len(), list: list.clone() }, false)
    }

    #[cold]
    #[inline(never)]
    fn pause_tuple(&mut self, tuple: &Bound<'py, PyTuple>, at: usize) -> Progress {
        self.pause(tuple, Remaining::Tuple { at, tuple: tuple.clone() }, false)
    }

    fn pause(&mut self, object: &Bound<'py, PyAny>, remaining: Remaining<'py>, is_empty: bool) -> Progress {
        self.stack.push(Frame { object: object.clone(), remaining, is_empty });
        Progress::Paused
    }
}

fn is_container(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyDict>()
        || object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
}
