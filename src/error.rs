//! The errors of native code, and their translation into Python exceptions.

use std::borrow::Cow;

use pyo3::exceptions::{PyAttributeError, PyException, PyMemoryError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::cpython::call::call_user_method;
use crate::output::NoMemory;

/// The deepest nesting of JSON that is written, calls of `json_encoder` included.
pub const MAX_DEPTH: usize = 255;

/// An error of native code.
pub enum Error {
    /// A container that contains itself.
    Circular,
    /// Data nested deeper than `MAX_DEPTH`, or a `json_encoder` that always returns one more object that JSON cannot hold.
    TooDeep,
    /// An object that neither JSON nor a built-in rule supports: the name of its type, and what to do about it.
    NotJson(String, &'static str),
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
    /// A true timestamp without a time zone, by the name of its type.
    NoTimeZone(String),
    /// An event id that is no UUID, as Python shows it.
    NotEventId(String),
    /// An error at a place in the data, such as `data.items[3]`.
    At(String, Box<Error>),
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

impl Error {
    /// Adds the name of the data that the place of an error is in.
    #[cold]
    pub fn within(self, data: &str) -> Self {
        match self {
            Self::At(place, error) => Self::At(format!("{data}{place}"), error),
            other => other,
        }
    }

    /// Returns true if there was no memory.
    #[cold]
    pub fn is_lack_of_memory(&self, py: Python<'_>) -> bool {
        match self {
            Self::NoMemory => true,
            Self::At(_, error) => error.is_lack_of_memory(py),
            Self::Raised(error) => error.is_instance_of::<PyMemoryError>(py),
            _ => false,
        }
    }

    /// Returns the Python exception. `at` is the place in the data, such as `at data.items[3]`, or empty.
    fn exception(self, at: &str) -> PyErr {
        let (before, after) =
            if at.is_empty() { (String::new(), String::new()) } else { (format!("{at}: "), format!(", {at}")) };
        match self {
            // This text, as that of `json`, comes first: programs compare it.
            Self::Circular => PyValueError::new_err(format!("Circular reference detected{after}")),
            Self::TooDeep => PyValueError::new_err(format!(
                "Data is nested deeper than {MAX_DEPTH} levels, or json_encoder never ends{after}"
            )),
            Self::NotJson(kind, hint) => {
                PyTypeError::new_err(format!("{before}Object of type {kind} is not JSON serializable: {hint}"))
            }
            Self::NotJsonKey(kind) => PyTypeError::new_err(format!(
                "{before}keys must be str, int, float, bool or None, or encoded as one of these by default, not {kind}"
            )),
            Self::Empty(parameter) => PyValueError::new_err(format!("{parameter} is empty.")),
            Self::NotSelfDescribing(parameter, kind) => {
                let expected =
                    if parameter == "context" { "a list of SelfDescribingJson" } else { "a SelfDescribingJson" };
                PyAttributeError::new_err(format!(
                    "{parameter} must be {expected}: '{kind}' object has no attribute 'to_json'"
                ))
            }
            Self::NotConstructed(kind) => PyRuntimeError::new_err(format!(
                "{kind} was not constructed: its __init__ must call super().__init__()"
            )),
            Self::NoRandomness(cause) => PyRuntimeError::new_err(format!(
                "cannot create an event id: the operating system has no randomness: {cause}"
            )),
            Self::NoMemory => NoMemory.into(),
            Self::NoTimeZone(kind) => PyValueError::new_err(format!(
                "true_timestamp must have a time zone: this {kind} has none. Pass datetime.now(timezone.utc), or milliseconds since 1970"
            )),
            Self::NotEventId(id) => {
                PyValueError::new_err(format!("event_id must be a UUID or the text of one, not {id}"))
            }
            Self::At(place, error) => error.exception_at(place.trim_matches('.')),
            Self::Raised(error) => error,
        }
    }

    fn exception_at(self, place: &str) -> PyErr {
        match self {
            Self::Raised(error) if place.is_empty() => error,
            Self::Raised(error) => with_note(error, place),
            other if place.is_empty() => other.exception(""),
            other => other.exception(&format!("at {place}")),
        }
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        error.exception("")
    }
}

/// Adds the place as a note to an exception of the program, which is otherwise passed on unchanged. Python 3.10 has no notes. An exception
/// that has notes gets no more: it may be raised again and again.
fn with_note(error: PyErr, place: &str) -> PyErr {
    Python::attach(|py| {
        let exception = error.value(py);
        if error.is_instance_of::<PyException>(py)
            && !error.is_instance_of::<PyMemoryError>(py)
            && matches!(exception.getattr_opt(crate::sync::once::intern!(py, "__notes__")), Ok(None))
        {
            // The exception matters more than its note.
            let _ = call_user_method(exception, crate::sync::once::intern!(py, "add_note"), (format!("at {place}"),));
        }
    });
    error
}

/// Returns the name of an object's type, for error messages.
pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    object
        .get_type()
        .name()
        .map_or_else(|_| "?".to_owned(), |name| name.to_str().map_or(Cow::Borrowed("?"), Cow::Borrowed).into_owned())
}
