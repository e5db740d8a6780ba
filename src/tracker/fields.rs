//! What the package's Python half needs of `track`, to run the program's hooks on an event and to complete its payload.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::TrackerCore;
use super::scope::Scope;
use super::track::with_call;
use crate::buffer::python::write_record;
use crate::panics;
use crate::scratch;

/// Returns the fields of an event as a new dict, with JSON as text, and whether they contain those of the current scope. The tracker's
/// entities are not among them.
#[pyfunction]
pub fn event_fields<'py>(
    tracker: &Bound<'py, TrackerCore>,
    event: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyDict>, bool)> {
    panics::catch(|| Ok(with_call(&tracker.get().state, tracker.as_any(), |call| call.fields_before_hooks(event))?))
}

/// Passes the fields of an event to the emitters of a tracker: as a record if all of them take records.
#[pyfunction]
pub fn send_fields<'py>(tracker: &Bound<'py, TrackerCore>, fields: &Bound<'py, PyDict>) -> PyResult<()> {
    panics::catch(|| {
        Ok(with_call(&tracker.get().state, tracker.as_any(), |call| match call.record_sinks()? {
            Some(sinks) => scratch::with_buffer(|record| {
                write_record(fields, record)?;
                Ok(sinks.push(record, created_ms(fields)?)?)
            }),
            None => call.dispatch_dict(fields.as_any(), true),
        })?)
    })
}

/// Returns the creation time of an event in milliseconds, 0 if it has none.
fn created_ms(fields: &Bound<'_, PyDict>) -> PyResult<i64> {
    let created = fields.get_item(crate::sync::once::intern!(fields.py(), "dtm"))?;
    Ok(created.and_then(|created| created.extract().ok()).unwrap_or(0))
}

/// Returns a subject with the fields of the current scope and of `subject`, or `subject` itself.
#[pyfunction]
#[pyo3(signature = (tracker, subject))]
pub fn subject_in_scope<'py>(
    tracker: &Bound<'py, TrackerCore>,
    subject: Option<Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    panics::catch(|| {
        let py = tracker.py();
        let settings = tracker.get().state.settings.load(py);
        let additions = settings.get().and_then(|settings| settings.additions.as_ref());
        let Some(variable) = additions.and_then(|additions| additions.scope.as_ref()) else { return Ok(subject) };
        match Scope::current(variable.bind(py))? {
            Some(scope) => Ok(Some(scope.subject(subject.as_ref())?)),
            None => Ok(subject),
        }
    })
}
