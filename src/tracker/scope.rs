//! The current scope: whose request it is. `snowplow_tracker/_scope.py` sets it.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::cpython::call::call_user_method;
use crate::cpython::items::collect_results;
use crate::cpython::lookup::subject_class;
use crate::error::Result;
use crate::payload::{into_dict, subject_fields};

/// Returns the value of a context variable, or `None` if that is None or missing.
#[cfg(not(feature = "abi3"))]
#[inline]
#[expect(unsafe_code, reason = "a call of the method `get` takes three times as long")]
pub fn value_of<'py>(variable: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    use std::ptr;

    use pyo3::ffi;

    let py = variable.py();
    let mut value = ptr::null_mut();
    // SAFETY: the function checks that it is a context variable. It sets `value` to null or to a new reference.
    let value = unsafe {
        if ffi::PyContextVar_Get(variable.as_ptr(), ptr::null_mut(), &raw mut value) != 0 {
            return Err(PyErr::fetch(py));
        }
        Bound::from_owned_ptr_or_opt(py, value)
    };
    Ok(value.filter(|value| !value.is_none()))
}

#[cfg(feature = "abi3")]
fn value_of<'py>(variable: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = variable.py();
    let value = call_user_method(variable, crate::sync::once::intern!(py, "get"), (py.None(),))?;
    Ok(Some(value).filter(|value| !value.is_none()))
}

/// What a scope adds to an event.
pub struct Scope<'py> {
    /// Fields of its subject. They take precedence over those of the tracker's subject. The program may change them meanwhile.
    fields: Bound<'py, PyDict>,
    /// Its entities.
    pub entities: Vec<Bound<'py, PyAny>>,
}

impl<'py> Scope<'py> {
    /// Returns the scope of the calling thread or task, if there is one.
    pub fn current(variable: &Bound<'py, PyAny>) -> Result<Option<Self>> {
        let py = variable.py();
        let Some(scope) = value_of(variable)? else { return Ok(None) };
        let contents = call_user_method(&scope, crate::sync::once::intern!(py, "contents"), ())?;
        let (fields, entities) = contents.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        Ok(Some(Self { fields: into_dict(fields)?, entities: collect_results(entities.try_iter()?)? }))
    }

    /// Returns the fields of the subjects of an event, of this scope, and of the tracker: an earlier one takes precedence.
    pub fn subject_fields(
        &self,
        event_subject: Option<&Bound<'py, PyAny>>,
        tracker_subject: Option<&Bound<'py, PyAny>>,
    ) -> Result<Option<Bound<'py, PyDict>>> {
        if self.fields.is_empty() {
            return subject_fields(event_subject, tracker_subject);
        }
        if event_subject.is_some() {
            return subject_fields(event_subject, Some(&self.subject(tracker_subject)?));
        }
        self.combined(tracker_subject).map(Some)
    }

    /// Returns a subject with the fields of this scope and of the tracker's subject.
    pub fn subject(&self, tracker_subject: Option<&Bound<'py, PyAny>>) -> Result<Bound<'py, PyAny>> {
        let py = self.fields.py();
        let subject = subject_class(py)?.call0()?;
        subject.setattr(crate::sync::once::intern!(py, "standard_nv_pairs"), self.combined(tracker_subject)?)?;
        Ok(subject)
    }

    fn combined(&self, tracker_subject: Option<&Bound<'py, PyAny>>) -> Result<Bound<'py, PyDict>> {
        let fields = match subject_fields(None, tracker_subject)? {
            Some(fields) => fields.copy()?,
            None => PyDict::new(self.fields.py()),
        };
        fields.update(self.fields.as_mapping())?;
        Ok(fields)
    }
}
