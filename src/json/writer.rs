//! The JSON writer: its state, and the loop for data that may run user code.

use pyo3::prelude::*;
#[cfg(Py_GIL_DISABLED)]
use pyo3::types::PyDict;
use pyo3::types::{PyFloat, PyInt, PyList, PyString, PyTuple};

use super::path::located;
use super::stack::{Remaining, Stack};
use super::text::Replacements;
use crate::error::Result;
use crate::output::Output;

/// Writes Python objects to `out`.
///
/// User code may run between any two values: a `json_encoder`, an iterator, the `items` of a subclass of dict. Nothing is borrowed from
/// a Python object meanwhile, and each open container has a frame on the heap.
pub struct Writer<'a, 'py> {
    pub(super) out: &'a mut Output,
    pub(super) json_encoder: Option<&'a Bound<'py, PyAny>>,
    pub(super) stack: Stack<'py>,
    pub(super) replaced: &'a mut Replacements,
}

impl<'a, 'py> Writer<'a, 'py> {
    /// Creates a writer. Objects that JSON does not support go to `json_encoder`, or to the built-in rules if that is `None`.
    pub fn new(
        out: &'a mut Output,
        json_encoder: Option<&'a Bound<'py, PyAny>>,
        replaced: &'a mut Replacements,
    ) -> Self {
        Self { out, json_encoder, stack: Stack::new(), replaced }
    }

    /// Appends bytes that are JSON already.
    pub fn raw(&mut self, json: &[u8]) {
        self.out.extend_from_slice(json);
    }

    /// Appends an object with all that it contains. An error says where in the object it occurred.
    pub fn write(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        match self.write_all(object) {
            Ok(()) => Ok(()),
            Err(error) => Err(located(error, &self.stack, object)),
        }
    }

    fn write_all(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.begin(object)?;
        while let Some(frame) = self.stack.last_mut() {
            // An iterator of the program may never end.
            self.out.check()?;
            match &mut frame.remaining {
                Remaining::Items(_) => self.next_item()?,
                Remaining::Replacement(object) => match object.take() {
                    Some(object) => self.begin(&object)?,
                    None => self.stack.close(),
                },
                _ => self.next_element()?,
            }
        }
        Ok(self.out.check()?)
    }

    /// Appends an object. If it is a container that is not plain, the rest of it is left on the stack.
    fn begin(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        if self.plain_scalar(object) { Ok(()) } else { self.begin_container(object) }
    }

    /// Opens a snapshot of a container: another thread may change it at any time.
    #[cfg(Py_GIL_DISABLED)]
    fn begin_container(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        if let Ok(dict) = object.cast_exact::<PyDict>() {
            self.out.push(b'{');
            self.stack.open(dict, Remaining::Items(crate::cpython::items::items(dict)?.into_iter()))
        } else if let Ok(list) = object.cast_exact::<PyList>() {
            self.out.push(b'[');
            self.stack.open(list, Remaining::Tuple { at: 0, tuple: list.to_tuple() })
        } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            self.out.push(b'[');
            self.stack.open(tuple, Remaining::Tuple { at: 0, tuple: tuple.clone() })
        } else {
            self.begin_uncommon(object)
        }
    }

    /// Appends an object that may run user code. A subclass is written like its base class, for example an `IntEnum` as its number, and
    /// never goes to the encoder.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_uncommon(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        if let Ok(text) = object.cast::<PyString>() {
            self.text(text)
        } else if let Ok(number) = object.cast::<PyInt>() {
            self.int(number)
        } else if let Ok(number) = object.cast::<PyFloat>() {
            self.float(number.value());
            Ok(())
        } else if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
            self.open_iterable(object)
        } else if let Ok(dict) = object.cast() {
            self.open_mapping(dict)
        } else {
            self.begin_encoded(object)
        }
    }

    fn next_item(&mut self) -> Result<()> {
        let Some(frame) = self.stack.last_mut() else { return Ok(()) };
        let Remaining::Items(items) = &mut frame.remaining else { return Ok(()) };
        let Some((key, value)) = items.next() else {
            self.close(b'}');
            return Ok(());
        };
        self.separate();
        if !self.plain_text(&key) {
            self.uncommon_key(&key)?;
        }
        self.out.push(b':');
        self.begin(&value)
    }

    fn next_element(&mut self) -> Result<()> {
        while let Some(frame) = self.stack.last_mut() {
            let Some(element) = frame.remaining.next_element()? else { break };
            self.out.check()?;
            self.separate();
            if !self.plain_scalar(&element) {
                return self.begin_container(&element);
            }
        }
        self.close(b']');
        Ok(())
    }

    fn separate(&mut self) {
        let is_first = self.stack.last_mut().is_none_or(|frame| std::mem::take(&mut frame.is_empty));
        if !is_first {
            self.out.push(b',');
        }
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.stack.close();
    }
}
