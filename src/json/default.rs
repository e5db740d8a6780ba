//! Objects that JSON does not support: they go to the program's `json_encoder`, and to the built-in rules.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::hints::hint_for;
use super::rules::{nearest_number, substitute};
use super::stack::Remaining;
use super::substitute::Substitute;
use super::writer::Writer;
use crate::cpython::call::call_user_code;
use crate::error::{Error, Result, type_name};
use crate::panics;

impl<'py> Writer<'_, 'py> {
    /// Writes what the encoder returns for an object. If there is no encoder, or if it raises a `TypeError`, the built-in rule for the
    /// object applies. Other exceptions, and that one if there is no such rule, reach the caller.
    pub(super) fn begin_encoded(&mut self, object: &Bound<'py, PyAny>) -> Result<()> {
        self.stack.open(object, Remaining::Replacement(None))?;
        let refused = match self.json_encoder.map(|encoder| call_user_code(encoder, (object,), None)) {
            Some(Ok(replacement)) => {
                self.set_remaining(Remaining::Replacement(Some(replacement)));
                return Ok(());
            }
            Some(Err(error)) if !error.is_instance_of::<PyTypeError>(object.py()) => return Err(error.into()),
            Some(Err(error)) => Some(error),
            None => None,
        };
        match (substitute(object)?, refused) {
            (Some(substitute), _) => self.begin_substitute(substitute)?,
            (None, Some(error)) => return Err(error.into()),
            (None, None) => return Err(Error::NotJson(type_name(object), hint_for(object))),
        }
        Ok(())
    }

    fn begin_substitute(&mut self, substitute: Substitute<'py>) -> Result<()> {
        let remaining = match substitute {
            Substitute::Object(object) => Remaining::Replacement(Some(object)),
            Substitute::Digits(digits) => {
                self.raw(digits.to_str()?.as_bytes());
                Remaining::Replacement(None)
            }
            Substitute::Fields(items) => {
                self.out.push(b'{');
                Remaining::Items(items.into_iter())
            }
            Substitute::Elements(tuple) => {
                self.out.push(b'[');
                Remaining::Tuple { at: 0, tuple }
            }
        };
        self.set_remaining(remaining);
        Ok(())
    }
}

/// Returns what the built-in rules make of an object, for `default=` of `json.dumps`. Raises `TypeError` if there is no rule for it.
#[pyfunction]
pub fn default_encoder<'py>(obj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    panics::catch(|| {
        let py = obj.py();
        if is_json(obj) {
            return Ok(obj.clone());
        }
        let made = match substitute(obj)? {
            Some(Substitute::Object(object)) => object,
            Some(Substitute::Digits(digits)) => nearest_number(py, digits.to_str()?)?,
            Some(Substitute::Elements(tuple)) => tuple.to_list().into_any(),
            Some(Substitute::Fields(items)) => {
                let fields = PyDict::new(py);
                items.into_iter().try_for_each(|(name, value)| fields.set_item(name, value))?;
                fields.into_any()
            }
            None => return Err(Error::NotJson(type_name(obj), hint_for(obj)).into()),
        };
        let is_non_finite = made.cast::<PyFloat>().is_ok_and(|number| !number.value().is_finite());
        Ok(if is_non_finite { py.None().into_bound(py) } else { made })
    })
}

fn is_json(object: &Bound<'_, PyAny>) -> bool {
    object.is_none()
        || object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyInt>()
        || object.is_instance_of::<PyFloat>()
        || object.is_instance_of::<PyDict>()
        || object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
}
