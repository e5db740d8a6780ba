//! Python objects into JSON text: `json.dumps`'s rules, compact, with the encoder step.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use smallvec::SmallVec;

use super::stack::Frame;
use super::text::Replacements;
use crate::cpython::items::Item;
use crate::error::Result;

/// Deeper data takes memory of its own.
const USUAL_DEPTH: usize = 6;

/// Writes Python objects to `out`. Any Python code may run in mid-writing (the encoder, an iterator): nothing is borrowed from
/// a Python object while it does. Nesting takes heap and no stack: threads of 128 KiB are common on musl.
pub struct Writer<'a, 'py> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) json_encoder: Option<&'a Bound<'py, PyAny>>,
    /// The containers that are being written, outermost first.
    pub(super) frames: SmallVec<[Frame<'py>; USUAL_DEPTH]>,
    /// Dictionary items not yet written, next one last: a stack for all levels, since a dict may change while they are.
    pub(super) items: Vec<Item<'py>>,
    pub(super) replaced: &'a mut Replacements,
}

impl<'a, 'py> Writer<'a, 'py> {
    /// A writer whose objects beyond JSON go to `json_encoder`, or to the built-in rules where that is `None`.
    pub fn new(
        out: &'a mut Vec<u8>,
        json_encoder: Option<&'a Bound<'py, PyAny>>,
        replaced: &'a mut Replacements,
    ) -> Self {
        Self { out, json_encoder, frames: SmallVec::new(), items: Vec::new(), replaced }
    }

    /// Appends bytes that are JSON already.
    pub fn raw(&mut self, json: &[u8]) {
        self.out.extend_from_slice(json);
    }

    /// Appends one object and all that it holds.
    pub fn write(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.begin(object)?;
        self.finish()
    }

    /// Appends a scalar, or opens a container. Exact types come first, the most frequent ahead; subclasses and the rest are told
    /// apart out of line.
    pub(super) fn begin(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        if self.plain_scalar(object) { Ok(()) } else { self.begin_container(object) }
    }

    /// The same of what is no plain scalar.
    pub(super) fn begin_container(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        if let Ok(dict) = object.cast_exact::<PyDict>() {
            self.open_dict(dict)
        } else if let Ok(list) = object.cast_exact::<PyList>() {
            self.open_list(list)
        } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            self.open_tuple(tuple)
        } else {
            self.snapshot_open_dicts();
            self.begin_uncommon(object)
        }
    }

    /// Anything that may run Python code. Subclasses are written as their base (an `IntEnum` as its number), and never reach the
    /// encoder.
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
        } else if let Ok(dict) = object.cast::<PyDict>() {
            self.open_mapping(dict)
        } else {
            self.begin_encoded(object)
        }
    }
}
