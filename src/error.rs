//! The errors of native code, and their translation into Python exceptions.

use std::borrow::Cow;

use pyo3::exceptions::{PyAttributeError, PyMemoryError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::output::NoMemory;

/// The deepest nesting of JSON that is written, calls of `json_encoder` included.
pub const MAX_DEPTH: usize = 255;

/// An error of native code.
pub enum Error {
    /// A container that contains itself.
    Circular,
    /// Data nested deeper than `MAX_DEPTH`, or a `json_encoder` that always returns one more object that JSON cannot hold.
    TooDeep,
    /// An object that neither JSON nor the tracker's `json_encoder` supports, by the name of its type.
    NotJson(String),
    /// A dict key that JSON does not support, by the name of its type.
    NotJsonKey(String),
    /// A required value that is missing, empty or not a string, by the name of its parameter.
    Empty(&'static str),
    /// An item of `context`, or an `event_json`, that is not self-describing: the parameter, and the name of the value's type.
    NotSelfDescribing(&'static str, String),
    /// An event whose `__init__` never ran, by the name of its type.
    NotConstructed(String),
    /// The operating system has no randomness for an event id.
    NoRandomness(rand::rngs::SysError),
    /// No memory for what is encoded.
    NoMemory,
    /// An exception that Python code raised, user code included. It is passed on unchanged.
    Raised(PyErr),
}

/// The result of native code.
pub type Result<T> = std::result::Result<T, Error>;

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl From<NoMemory> for Error {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl From<NoMemory> for PyErr {
    fn from(_: NoMemory) -> Self {
        PyMemoryError::new_err(())
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Circular => PyValueError::new_err("Circular reference detected"),
            Error::TooDeep => PyValueError::new_err(format!(
                "Data is nested deeper than {MAX_DEPTH} levels, or json_encoder never ends"
            )),
            Error::NotJson(kind) => PyTypeError::new_err(format!(
                "Object of type {kind} is not JSON serializable: give the tracker a json_encoder for it"
            )),
            Error::NotJsonKey(kind) => {
                PyTypeError::new_err(format!("keys must be str, int, float, bool or None, not {kind}"))
            }
            Error::Empty(parameter) => PyValueError::new_err(format!("{parameter} is empty.")),
            Error::NotSelfDescribing(parameter, kind) => {
                let expected =
                    if parameter == "context" { "a list of SelfDescribingJson" } else { "a SelfDescribingJson" };
                PyAttributeError::new_err(format!(
                    "{parameter} must be {expected}: '{kind}' object has no attribute 'to_json'"
                ))
            }
            Error::NotConstructed(kind) => PyRuntimeError::new_err(format!(
                "{kind} was not constructed: its __init__ must call super().__init__()"
            )),
            Error::NoRandomness(cause) => PyRuntimeError::new_err(format!(
                "cannot create an event id: the operating system has no randomness: {cause}"
            )),
            Error::NoMemory => NoMemory.into(),
            Error::Raised(error) => error,
        }
    }
}

/// Returns the name of an object's type, for error messages.
pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    object
        .get_type()
        .name()
        .map_or_else(|_| "?".to_owned(), |name| name.to_str().map_or(Cow::Borrowed("?"), Cow::Borrowed).into_owned())
}
