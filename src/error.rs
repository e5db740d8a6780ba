//! What can go wrong natively, and the one place where it becomes a Python exception.

use std::borrow::Cow;

use pyo3::exceptions::{PyAttributeError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

/// Every fault of the native part.
pub enum Error {
    /// A container that holds itself.
    Circular,
    /// Data nested deeper than the limit, or a `json_encoder` whose answers never end.
    TooDeep,
    /// An object, by the name of its type, that neither JSON nor the tracker's `json_encoder` can hold.
    NotJson(String),
    /// A dictionary key, by the name of its type, that JSON cannot hold.
    NotJsonKey(String),
    /// A required value that is missing, empty or no text, by the name of its parameter.
    Empty(&'static str),
    /// An item of `context`, or an `event_json`, that is not self-describing: parameter and type.
    NotSelfDescribing(&'static str, String),
    /// An event whose constructor never ran, by the name of its type.
    NotConstructed(String),
    /// The operating system has no randomness to give.
    NoRandomness(rand::rngs::SysError),
    /// Python code raised, the user's own included: it passes unchanged.
    Raised(PyErr),
}

/// The result of native work.
pub type Result<T> = std::result::Result<T, Error>;

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Circular => PyValueError::new_err("Circular reference detected"),
            Error::TooDeep => PyValueError::new_err(format!(
                "Data is nested deeper than {} levels, or json_encoder never ends",
                crate::json::MAX_DEPTH
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
            Error::NoRandomness(cause) => {
                PyRuntimeError::new_err(format!("no event id, the operating system gives no randomness: {cause}"))
            }
            Error::Raised(error) => error,
        }
    }
}

/// The name of an object's type, as a message shows it.
pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    object
        .get_type()
        .name()
        .map_or_else(|_| "?".to_owned(), |name| name.to_str().map_or(Cow::Borrowed("?"), Cow::Borrowed).into_owned())
}
