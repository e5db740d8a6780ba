//! The native half of a tracker: its settings, and `track`.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::error::{Error, type_name};
use crate::events::bound;
use crate::facts::Facts;
use crate::shared::{CopyAttached, Shared};
use crate::tracking::{self, EventId, now_ms};
use crate::{panics, python};

/// The base of `Tracker`: what a tracker adds to each event, and `track`.
#[pyclass(subclass, frozen, module = "snowplow_tracker._native")]
pub struct TrackerCore {
    /// None until the constructor of `Tracker` has run. Calls of `track` that have begun go on with those that they began with.
    pub settings: Shared<Settings>,
    /// What its own fields come to.
    pub encoded_facts: Facts,
    /// What its subject's fields come to.
    pub encoded_subject: Facts,
}

/// What the program may change.
#[derive(Default)]
pub struct Settings {
    /// One emitter, or a list of them.
    pub emitters: Option<Py<PyAny>>,
    /// Who is tracked.
    pub subject: Option<Py<PyAny>>,
    /// Whether JSON travels as base64.
    pub encode_base64: Option<Py<PyAny>>,
    /// The program's function for what JSON cannot hold.
    pub json_encoder: Option<Py<PyAny>>,
    /// The fields that the tracker puts on every event.
    pub standard_nv_pairs: Option<Py<PyAny>>,
    /// Whether a method that `track` calls was replaced on this very tracker.
    pub is_patched: bool,
}

impl CopyAttached for Settings {
    fn copy(&self, py: Python<'_>) -> Self {
        let copy = |object: &Option<Py<PyAny>>| object.as_ref().map(|object| object.clone_ref(py));
        Self {
            emitters: copy(&self.emitters),
            subject: copy(&self.subject),
            encode_base64: copy(&self.encode_base64),
            json_encoder: copy(&self.json_encoder),
            standard_nv_pairs: copy(&self.standard_nv_pairs),
            is_patched: self.is_patched,
        }
    }
}

impl TrackerCore {
    fn get<'py>(
        slf: &Bound<'py, Self>,
        part: impl FnOnce(&Settings) -> &Option<Py<PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        slf.get().settings.load(slf.py()).get().and_then(|settings| bound(part(settings), slf.py()))
    }
}

#[pymethods]
impl TrackerCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { settings: Shared::new(), encoded_facts: Facts::new(), encoded_subject: Facts::new() }
    }

    #[getter]
    fn emitters<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::get(slf, |settings| &settings.emitters).ok_or_else(|| Error::NotConstructed(type_name(slf)))?)
    }

    #[setter]
    fn set_emitters(slf: &Bound<'_, Self>, emitters: Bound<'_, PyAny>) {
        slf.get().settings.update(slf.py(), |settings| settings.emitters = Some(emitters.clone().unbind()));
    }

    #[getter]
    fn subject<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.subject)
    }

    #[setter]
    fn set_subject(slf: &Bound<'_, Self>, subject: Option<Bound<'_, PyAny>>) {
        slf.get().settings.update(slf.py(), |settings| settings.subject = subject.clone().map(Bound::unbind));
    }

    #[getter]
    fn encode_base64<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.encode_base64)
    }

    #[setter]
    fn set_encode_base64(slf: &Bound<'_, Self>, encode_base64: Bound<'_, PyAny>) {
        slf.get().settings.update(slf.py(), |settings| settings.encode_base64 = Some(encode_base64.clone().unbind()));
    }

    #[getter]
    fn json_encoder<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.json_encoder)
    }

    #[setter]
    fn set_json_encoder(slf: &Bound<'_, Self>, json_encoder: Option<Bound<'_, PyAny>>) {
        slf.get().settings.update(slf.py(), |settings| settings.json_encoder = json_encoder.clone().map(Bound::unbind));
    }

    #[getter]
    fn standard_nv_pairs<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::get(slf, |settings| &settings.standard_nv_pairs)
    }

    #[setter]
    fn set_standard_nv_pairs(slf: &Bound<'_, Self>, standard_nv_pairs: Bound<'_, PyAny>) {
        slf.get()
            .settings
            .update(slf.py(), |settings| settings.standard_nv_pairs = Some(standard_nv_pairs.clone().unbind()));
    }

    /// Encodes an event and hands it to every emitter. Returns the event's id.
    fn track<'py>(slf: &Bound<'py, Self>, event: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match panics::guarded(|| Ok(tracking::track(slf, event))) {
            Ok(result) => Ok(result?),
            Err(panicked) => {
                python::tracker_module(slf.py())?.call_method1("_log_internal_error", (panicked,))?;
                Ok(None)
            }
        }
    }

    /// A new event id: a version 4 UUID as text, from `uuid.uuid4` where a program has replaced that.
    #[staticmethod]
    fn get_uuid(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(EventId::new(py)?.into_python(py)?)
    }

    /// A time in whole milliseconds: `tstamp` if that is a number, or now.
    #[staticmethod]
    #[pyo3(signature = (tstamp=None))]
    fn get_timestamp<'py>(py: Python<'py>, tstamp: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        use pyo3::types::{PyFloat, PyInt};
        match tstamp {
            Some(tstamp) if tstamp.is_instance_of::<PyInt>() || tstamp.is_instance_of::<PyFloat>() => {
                py.get_type::<PyInt>().call1((tstamp,))
            }
            _ => Ok(now_ms(py)?.into_pyobject(py)?.into_any()),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        let visited = self.settings.visit(|settings| {
            let Settings { emitters, subject, encode_base64, json_encoder, standard_nv_pairs, .. } = settings;
            let objects = [emitters, subject, encode_base64, json_encoder, standard_nv_pairs];
            objects.into_iter().try_for_each(|object| visit.call(object))
        });
        visited.unwrap_or(Ok(()))
    }

    /// The parts that a cycle can be cut at without a tracker that tracks to nobody.
    fn __clear__(&self) {
        drop(self.settings.change(|settings| (settings.subject.take(), settings.json_encoder.take())));
    }
}

/// Tells `track` that a method which it calls was replaced on this instance.
#[pyfunction]
pub fn mark_patched(tracker: &Bound<'_, TrackerCore>) {
    tracker.get().settings.update(tracker.py(), |settings| settings.is_patched = true);
}
