//! Plain data, by recursion: exact dicts, lists and tuples of exact scalars, which nearly all data is.
//!
//! No Python code runs in here, so objects are borrowed, and the output is written at a cursor that is a local variable. Room is looked
//! for once for each item. At the first object that may run Python code, or that is rare, the recursion ends: on its way back, each open
//! container pushes a frame with a snapshot of its remaining items to the writer's stack, and the writer goes on from there. Without the
//! GIL, other threads could change the containers meanwhile: there, this file is not compiled.
#![cfg(not(Py_GIL_DISABLED))]
#![expect(
    unsafe_code,
    reason = "looking for room at each byte, and owning each object, takes half of the time of the JSON writer"
)]

use std::ptr::NonNull;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::stack::{Frame, Remaining, Stack};
use super::writer::Writer;
use super::{cursor, escape, transcode};
use crate::characters::Characters;
use crate::cpython::entries::Entries;
use crate::cpython::items::{borrowed_element, held, items_from};
use crate::cpython::str::{characters, small_int};

use crate::error::{Error, MAX_DEPTH, Result};
use crate::output::{NoMemory, Output};

/// The most levels on the thread's stack. A level takes some 300 bytes, and threads on musl have 128 KiB for everything. Deeper containers
/// are written after the recursion has moved to the writer's stack.
const MAX_RECURSION: usize = 64;
/// Containers that contain themselves are looked for after so many levels, which are written again and again until then.
const UNCHECKED_LEVELS: usize = 8;
/// The room for anything but the characters of a text: a comma, quotes and a colon, or a number.
const ROOM: usize = 64;

/// The result of writing an object.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Done,
    /// The remaining part is on the writer's stack, except for `Plain::pending`.
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

/// Where the next byte is written: in the spare memory of the output. `None` stands for an end of the recursion.
type Cursor = NonNull<u8>;

/// The recursion over one object.
struct Plain<'w, 'py> {
    out: &'w mut Output,
    /// The end of the output's memory.
    end: *mut u8,
    stack: &'w mut Stack<'py>,
    /// Whether the writer goes on with the remaining part after a pause.
    is_resumed: bool,
    /// The object that the recursion stopped at.
    pending: Option<Bound<'py, PyAny>>,
    progress: Progress,
    non_finite: u32,
}

/// Appends an object if it is plain, and returns whether it is: NaN and infinities are not. Runs no Python code. What was appended of
/// another object is meaningless.
#[cfg(not(feature = "abi3"))]
#[must_use]
pub fn append_plain(out: &mut Output, object: &Bound<'_, PyAny>) -> bool {
    let mut stack = Stack::new();
    let mut plain = Plain::new(out, &mut stack, false);
    plain.begin(object);
    plain.progress == Progress::Done && plain.non_finite == 0
}

impl<'py> Writer<'_, 'py> {
    /// Appends an object. If it is not plain, the rest of it is left on the stack.
    pub(super) fn begin_container(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        let height = self.stack.len();
        let (progress, pending) = self.write_plain_part(object);
        match progress {
            Progress::Done => Ok(()),
            Progress::Paused => {
                self.stack.reverse_from(height);
                match pending {
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

    fn write_plain_part(&mut self, object: &Bound<'py, PyAny>) -> (Progress, Option<Bound<'py, PyAny>>) {
        let mut plain = Plain::new(self.out, &mut self.stack, true);
        plain.begin(object);
        self.replaced.non_finite += plain.non_finite;
        (plain.progress, plain.pending)
    }
}

/// All methods with a cursor require that it is in the spare memory of the output with `ROOM` bytes behind it, and return such a cursor. As
/// no Python code runs, borrowed objects stay alive.
impl<'w, 'py> Plain<'w, 'py> {
    fn new(out: &'w mut Output, stack: &'w mut Stack<'py>, is_resumed: bool) -> Self {
        let (end, pending, progress) = (std::ptr::null_mut(), None, Progress::Done);
        Self { out, end, stack, is_resumed, pending, progress, non_finite: 0 }
    }

    /// Writes the object that the recursion is over.
    #[inline]
    fn begin(&mut self, object: &Bound<'py, PyAny>) {
        if let Some(start) = self.start() {
            // SAFETY: `start` is the cursor of the output, and the caller owns the object.
            if let Some(end) = unsafe { self.value(object, start, None) } {
                self.stop(end);
            }
        }
    }

    fn start(&mut self) -> Option<Cursor> {
        if !self.out.reserve(2 * ROOM) {
            self.progress = Progress::NoMemory;
            return None;
        }
        let (start, end) = self.out.spare();
        self.end = end;
        Some(start)
    }

    /// Ends the output at a cursor.
    fn stop(&mut self, at: Cursor) {
        // SAFETY: everything before the cursor is written.
        unsafe { self.out.end_at(at) };
    }

    /// Returns a cursor with room for some bytes and `ROOM` more.
    #[inline(always)]
    fn room(&mut self, at: Cursor, bytes: usize) -> Option<Cursor> {
        if self.end as usize - at.as_ptr() as usize >= bytes + ROOM { Some(at) } else { self.grow(at, bytes) }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: Cursor, bytes: usize) -> Option<Cursor> {
        self.stop(at);
        if !self.out.reserve(bytes + 2 * ROOM) {
            self.progress = Progress::NoMemory;
            return None;
        }
        self.start()
    }

    /// Ends the recursion before an object.
    #[cold]
    #[inline(never)]
    fn pause_at(&mut self, object: &Bound<'py, PyAny>, at: Cursor) -> Option<Cursor> {
        self.stop(at);
        self.pending = Some(object.clone());
        self.progress = Progress::Paused;
        None
    }

    #[inline(always)]
    unsafe fn value(&mut self, object: &Bound<'py, PyAny>, at: Cursor, parent: Option<&Level<'_>>) -> Option<Cursor> {
        // SAFETY: the requirements are those of the called methods.
        unsafe {
            if let Ok(text) = object.cast_exact::<PyString>() {
                return self.text(text, at);
            }
            if let Ok(number) = object.cast_exact::<PyInt>()
                && let Some(number) = small_int(number)
            {
                return self.room(cursor::int(at, number), 0);
            }
            if let Ok(number) = object.cast_exact::<PyFloat>() {
                return self.float(number.value(), at);
            }
            if object.is_none() {
                return self.room(cursor::word(at, *b"null"), 0);
            }
            if let Ok(flag) = object.cast_exact::<PyBool>() {
                return self.bool(flag.is_true(), at);
            }
            self.container(object, at, parent)
        }
    }

    #[inline]
    unsafe fn bool(&mut self, flag: bool, at: Cursor) -> Option<Cursor> {
        // SAFETY: see the cursor's requirements.
        let at = unsafe { if flag { cursor::word(at, *b"true") } else { cursor::word(at, *b"false") } };
        self.room(at, 0)
    }

    #[inline(never)]
    unsafe fn float(&mut self, number: f64, at: Cursor) -> Option<Cursor> {
        // SAFETY: see the cursor's requirements.
        let at = unsafe {
            if number.is_finite() {
                cursor::float(at, number)
            } else {
                self.non_finite += 1;
                cursor::word(at, *b"null")
            }
        };
        self.room(at, 0)
    }

    /// Writes a text. Stops at one with lone surrogates.
    #[inline(always)]
    unsafe fn text(&mut self, text: &Bound<'py, PyString>, at: Cursor) -> Option<Cursor> {
        if let Characters::Utf8(bytes) = characters(text) {
            let at = self.room(at, bytes.len())?;
            // SAFETY: there is room for the text and its quotes.
            if let Some(at) = unsafe { escape::quote(bytes, at) } {
                return self.room(at, 0);
            }
            return self.other_text(text, at);
        }
        self.other_text(text, at)
    }

    /// Writes a text that has escapes, or no UTF-8 yet.
    #[inline(never)]
    fn other_text(&mut self, text: &Bound<'py, PyString>, at: Cursor) -> Option<Cursor> {
        self.stop(at);
        if transcode::append_string(self.out, &characters(text)) { self.start() } else { self.pause_at(text, at) }
    }

    #[inline(never)]
    unsafe fn container(
        &mut self,
        object: &Bound<'py, PyAny>,
        at: Cursor,
        parent: Option<&Level<'_>>,
    ) -> Option<Cursor> {
        let depth = parent.map_or_else(|| self.stack.len(), |parent| parent.depth) + 1;
        let level = Level { address: object.as_ptr() as usize, depth, parent };
        if depth > self.stack.len() + MAX_RECURSION {
            return self.pause_at(object, at);
        }
        if depth > UNCHECKED_LEVELS || self.stack.len() > 0 {
            self.check(object, &level)?;
        }
        // SAFETY: the requirements are the same.
        unsafe {
            if let Ok(dict) = object.cast_exact::<PyDict>() {
                self.dict(dict, at, &level)
            } else if let Ok(list) = object.cast_exact::<PyList>() {
                self.list(list, at, &level)
            } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
                self.tuple(tuple, at, &level)
            } else {
                self.pause_at(object, at)
            }
        }
    }

    /// Checks depth and cycles of a container.
    #[cold]
    #[inline(never)]
    fn check(&mut self, object: &Bound<'py, PyAny>, level: &Level<'_>) -> Option<()> {
        let mut ancestor = level.parent;
        while let Some(open) = ancestor {
            if open.address == level.address {
                self.progress = Progress::Circular;
                return None;
            }
            ancestor = open.parent;
        }
        self.progress = if self.stack.contains(object) {
            Progress::Circular
        } else if level.depth > MAX_DEPTH {
            Progress::TooDeep
        } else {
            return Some(());
        };
        None
    }

    /// Each item is followed by a comma; the last comma becomes the bracket.
    unsafe fn dict(&mut self, dict: &Bound<'py, PyDict>, at: Cursor, level: &Level<'_>) -> Option<Cursor> {
        // SAFETY: there is room for what is written here: see `ROOM`. The dict is not changed while its entries are read.
        unsafe {
            let mut at = cursor::byte(at, b'{');
            let mut entries = Entries::of(dict);
            let mut start = 0;
            while let Some((key, value)) = entries.next() {
                let (key, value) = (held(key), held(value));
                let key: &Bound<'py, PyAny> = &key;
                let written = match key.cast_exact::<PyString>() {
                    Ok(key) => self.text(key, at),
                    Err(_) => self.pause_at(key, at),
                };
                let Some(after_key) = written else { return self.pause_dict(dict, start, at) };
                at = cursor::byte(after_key, b':');
                match self.value(&value, at, Some(level)) {
                    Some(after) => at = cursor::byte(after, b','),
                    None => return self.pause_in_dict(dict, entries.position()),
                }
                start = entries.position();
            }
            self.room(cursor::close(at, start > 0, b'}'), 0)
        }
    }

    unsafe fn list(&mut self, list: &Bound<'py, PyList>, at: Cursor, level: &Level<'_>) -> Option<Cursor> {
        // SAFETY: as in `dict`.
        unsafe {
            let (mut at, mut index) = (cursor::byte(at, b'['), 0);
            while let Some(element) = borrowed_element(list, index) {
                index += 1;
                let element = held(element);
                let Some(after) = self.value(&element, at, Some(level)) else {
                    let end = list.len();
                    return self.pause(list, Remaining::List { at: index, end, list: list.clone() });
                };
                at = cursor::byte(after, b',');
            }
            self.room(cursor::close(at, index > 0, b']'), 0)
        }
    }

    unsafe fn tuple(&mut self, tuple: &Bound<'py, PyTuple>, at: Cursor, level: &Level<'_>) -> Option<Cursor> {
        // SAFETY: as in `dict`.
        unsafe {
            let mut at = cursor::byte(at, b'[');
            for (index, element) in tuple.iter_borrowed().enumerate() {
                match self.value(&element, at, Some(level)) {
                    Some(after) => at = cursor::byte(after, b','),
                    None => return self.pause(tuple, Remaining::Tuple { at: index + 1, tuple: tuple.clone() }),
                }
            }
            self.room(cursor::close(at, !tuple.is_empty(), b']'), 0)
        }
    }

    /// Pauses before a key, at the cursor `at`: the writer goes on with the same item.
    #[cold]
    #[inline(never)]
    unsafe fn pause_dict(&mut self, dict: &Bound<'py, PyDict>, start: isize, at: Cursor) -> Option<Cursor> {
        if !self.is_paused() {
            return None;
        }
        self.pending = None;
        // SAFETY: a comma follows each item. The writer writes it before the next one.
        self.stop(unsafe { if start > 0 { at.sub(1) } else { at } });
        self.push(dict, start, start == 0)
    }

    /// Pauses at a value.
    #[cold]
    #[inline(never)]
    fn pause_in_dict(&mut self, dict: &Bound<'py, PyDict>, next: isize) -> Option<Cursor> {
        if self.is_paused() { self.push(dict, next, false) } else { None }
    }

    /// Returns true if the remaining part must be kept.
    fn is_paused(&self) -> bool {
        self.is_resumed && self.progress == Progress::Paused
    }

    fn push(&mut self, dict: &Bound<'py, PyDict>, position: isize, is_empty: bool) -> Option<Cursor> {
        match items_from(dict, position) {
            Ok(items) => {
                let remaining = Remaining::Items(items.into_iter());
                self.stack.push(Frame { object: dict.clone().into_any(), remaining, is_empty });
            }
            Err(NoMemory) => self.progress = Progress::NoMemory,
        }
        None
    }

    #[cold]
    #[inline(never)]
    fn pause(&mut self, object: &Bound<'py, PyAny>, remaining: Remaining<'py>) -> Option<Cursor> {
        if self.is_paused() {
            self.stack.push(Frame { object: object.clone(), remaining, is_empty: false });
        }
        None
    }
}

fn is_container(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyDict>()
        || object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
}
