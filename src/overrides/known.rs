//! What `Originals` knows of a class without looking at more than its version: no Python code runs here. A class is not known before it has
//! passed the check of the same name, nor after a change of it.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::Originals;
use crate::cpython::instance::has_no_attributes;
use crate::cpython::lookup::subject_class;

impl Originals {
    /// Returns true if a tracker is known to pass `tracker_is_original`.
    #[inline]
    pub fn knows_tracker(&self, tracker: &Bound<'_, PyAny>) -> bool {
        self.trackers.knows(&tracker.get_type())
    }

    /// Returns true if an event is known to pass `build_payload_is_original` and `properties_are_original`.
    #[inline]
    pub fn knows_event(&self, event: &Bound<'_, PyAny>) -> bool {
        let class = event.get_type();
        self.events.knows(&class) && self.event_properties.knows(&class) && has_no_attributes(event)
    }

    /// Returns true if a self-describing JSON is known to pass `to_json_is_original`.
    #[inline]
    pub fn knows_self_describing_json(&self, json: &Bound<'_, PyAny>) -> bool {
        self.self_describing_jsons.knows(&json.get_type()) && has_no_attributes(json)
    }

    /// Returns the fields of a subject of the class `Subject`, if reading them runs no code of the program.
    #[inline]
    pub fn known_subject_fields<'py>(&self, subject: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
        let class = subject.get_type();
        if !self.subjects.check(&class, || reads_fields_itself(&class)).ok()? {
            return None;
        }
        let fields = subject.getattr(crate::sync::once::intern!(subject.py(), "standard_nv_pairs")).ok()?;
        fields.cast_into_exact().ok()
    }

    /// Returns true if an emitter is known to pass `input_is_original`.
    #[inline]
    pub fn knows_emitter(&self, emitter: &Bound<'_, PyAny>) -> bool {
        self.emitters.knows(&emitter.get_type()) && self.stores.knows(self.store.bind(emitter.py()))
    }
}

/// Returns true for the class `Subject`, unless a program gave it a property of its own for the fields, or for all attributes.
fn reads_fields_itself(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let getter = crate::sync::once::intern!(py, "__getattribute__");
    Ok(class.is(subject_class(py)?)
        && !class.hasattr("standard_nv_pairs")?
        && !class.hasattr("__getattr__")?
        && class.getattr(getter)?.is(py.get_type::<PyAny>().getattr(getter)?))
}
