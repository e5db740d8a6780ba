//! The native half of a tracker: the class `TrackerCore`.

mod added;
mod additions;
mod extra_fields;
mod fields;
mod global_contexts;
mod scope;
mod settings;
mod sinks;
pub mod stamp;
mod switches;
mod track;
mod usual;
mod usual_scope;
#[cfg(not(feature = "abi3"))]
mod vectorcall;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::cpython::lookup::tracker_module;
use crate::error::{Error, type_name};
use crate::panics::{self, Failure};
use additions::Additions;
pub use fields::{event_fields, send_fields, subject_in_scope};
use settings::{Settings, TrackerState};
pub use stamp::process_number;
use stamp::{EventId, now_ms};
pub use switches::{
    additions_of, configure_additions, count_dropped, disable_tracker, dropped_events, set_paused, silence_of,
};
#[cfg(not(feature = "abi3"))]
pub use vectorcall::call_natively;

/// The base class of `Tracker`: its settings, and `track`.
#[pyclass(subclass, frozen, module = "snowplow_tracker._native")]
pub struct TrackerCore {
    state: TrackerState,
}

impl TrackerCore {
    fn get<'py>(
        slf: &Bound<'py, Self>,
        part: impl FnOnce(&Settings) -> &Option<Py<PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        let settings = slf.get().state.settings.load(slf.py());
        part(settings.get()?).as_ref().map(|object| object.bind(slf.py()).clone())
    }

    /// Changes the settings. Calls of `track` that have started go on with the old ones.
    fn update(slf: &Bound<'_, Self>, change: impl Fn(&mut Settings)) {
        slf.get().state.settings.update(slf.py(), |settings| {
            change(settings);
            #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
            {
                settings.is_usual = settings.are_usual(slf.py());
            }
        });
    }
}

#[pymethods]
impl TrackerCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { state: TrackerState::new() }
    }

    #[getter]
    fn emitters<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::get(slf, |settings| &settings.emitters).ok_or_else(|| Error::NotConstructed(type_name(slf)))?)
    }

    #[setter]
    fn set_emitters(slf: &Bound<'_, Self>, emitters: Bound<'_, PyAny>) {
        Self::update(slf, |settings| settings.emitters = Some(emitters.clone().unbind()));
    }

    #[getter]
    fn subject<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.subject)
    }

    #[setter]
    fn set_subject(slf: &Bound<'_, Self>, subject: Option<Bound<'_, PyAny>>) {
        Self::update(slf, |settings| settings.subject = subject.clone().map(Bound::unbind));
    }

    #[getter]
    fn encode_base64<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.encode_base64)
    }

    #[setter]
    fn set_encode_base64(slf: &Bound<'_, Self>, encode_base64: Bound<'_, PyAny>) {
        Self::update(slf, |settings| settings.encode_base64 = Some(encode_base64.clone().unbind()));
    }

    #[getter]
    fn json_encoder<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.json_encoder)
    }

    #[setter]
    fn set_json_encoder(slf: &Bound<'_, Self>, json_encoder: Option<Bound<'_, PyAny>>) {
        Self::update(slf, |settings| settings.json_encoder = json_encoder.clone().map(Bound::unbind));
    }

    #[getter]
    fn standard_nv_pairs<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.standard_nv_pairs)
    }

    #[setter]
    fn set_standard_nv_pairs(slf: &Bound<'_, Self>, standard_nv_pairs: Bound<'_, PyAny>) {
        Self::update(slf, |settings| settings.standard_nv_pairs = Some(standard_nv_pairs.clone().unbind()));
    }

    /// Encodes an event and passes it to every emitter. Returns its id.
    fn track<'py>(slf: &Bound<'py, Self>, event: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match panics::run(|| track::track(&slf.get().state, slf, event)) {
            Ok(result) => Ok(result?),
            Err(too_deep @ Failure::NestedTooDeep) => Err(too_deep.into()),
            Err(panicked @ Failure::Panicked(_)) => {
                tracker_module(slf.py())?.call_method1("_log_internal_error", (PyErr::from(panicked),))?;
                Ok(None)
            }
        }
    }

    /// Returns a new event id: a version 4 UUID as a string, created by `uuid.uuid4` if a program has replaced that.
    #[staticmethod]
    fn get_uuid(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        panics::catch(|| Ok(EventId::new(py, now_ms(py)?)?.into_python(py)?))
    }

    /// Returns a time in whole milliseconds: `tstamp` if that is a number, or the current time.
    #[staticmethod]
    #[pyo3(signature = (tstamp=None))]
    fn get_timestamp<'py>(py: Python<'py>, tstamp: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        panics::catch(|| match tstamp {
            Some(tstamp) if tstamp.is_instance_of::<PyInt>() || tstamp.is_instance_of::<PyFloat>() => {
                py.get_type::<PyInt>().call1((tstamp,))
            }
            _ => Ok(now_ms(py)?.into_pyobject(py)?.into_any()),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        let visited = self.state.settings.visit(|settings| {
            let Settings { emitters, subject, encode_base64, json_encoder, standard_nv_pairs, .. } = settings;
            let objects = [emitters, subject, encode_base64, json_encoder, standard_nv_pairs];
            objects.into_iter().try_for_each(|object| visit.call(object))?;
            settings.additions.as_ref().map_or(Ok(()), |additions| additions.traverse(&visit))
        });
        visited.unwrap_or(Ok(()))
    }

    /// Clears only what can break a reference cycle and leaves the emitters, so a half-collected tracker still sends.
    fn __clear__(&self) {
        drop(self.state.settings.change(|settings| {
            let additions = settings.additions.as_deref_mut().map(Additions::clear);
            (settings.subject.take(), settings.json_encoder.take(), additions)
        }));
    }
}

/// Tells `track` that a method which it calls was replaced on this instance.
#[pyfunction]
pub fn mark_patched(tracker: &Bound<'_, TrackerCore>) {
    TrackerCore::update(tracker, |settings| settings.is_patched = true);
}

/// Does nothing: the limited API does not show the fields of a function.
#[cfg(feature = "abi3")]
#[pyfunction]
pub fn call_natively(_function: &Bound<'_, PyAny>) {}
