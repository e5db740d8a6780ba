//! What a tracker adds to one event: the current scope, its entities, and what hooks make of it.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::additions::Additions;
use super::scope::Scope;
use super::track::{NativeEvent, TrackCall};
use crate::cpython::call::{call_user_code, call_user_method};
use crate::cpython::lookup::{is_payload, nv_pairs};
use crate::error::Result;
use crate::events::{Event, Snapshot};
use crate::payload::{self, Encoding};

impl<'a, 'py> TrackCall<'a, 'py> {
    /// Adds the current scope and the tracker's entities to an event.
    #[cold]
    pub fn add(&self, mut snapshot: Snapshot<'py>, additions: &'a Additions) -> Result<NativeEvent<'a, 'py>> {
        let scope = self.scope()?;
        let subject = match &scope {
            Some(scope) => scope.subject_fields(snapshot.event_subject.as_ref(), self.subject)?,
            None => payload::subject_fields(snapshot.event_subject.as_ref(), self.subject)?,
        };
        let is_scoped = scope.is_some();
        for entity in scope.into_iter().flat_map(|scope| scope.entities) {
            if !snapshot.contexts.iter().any(|own| own.is(&entity)) {
                snapshot.contexts.push(entity);
            }
        }
        let global_contexts = additions.contexts.missing_in(&snapshot.contexts);
        Ok(NativeEvent { snapshot, subject, is_scoped, global_contexts })
    }

    /// Returns the current scope, if the tracker reads scopes.
    fn scope(&self) -> Result<Option<Scope<'py>>> {
        let variable = self.additions.and_then(|additions| additions.scope.as_ref());
        variable.map_or(Ok(None), |variable| Scope::current(variable.bind(self.py())))
    }

    /// Passes a completed payload to every emitter, with what the program has added to the tracker.
    pub fn dispatch_completed(&self, event: &Bound<'py, PyAny>, fields: Bound<'py, PyAny>) -> Result<()> {
        let Some(owner) = self.additions.and_then(|additions| additions.owner.as_ref()) else {
            return self.dispatch_dict(&fields, false);
        };
        let name = crate::sync::once::intern!(self.py(), "complete");
        let fields = call_user_method(owner.bind(self.py()), name, (self.tracker, event, fields))?;
        self.dispatch_dict(&fields, true)
    }

    /// Returns the fields of an event without the tracker's entities, JSON as text, and whether they contain those of the current scope.
    pub fn fields_before_hooks(&self, event: &Bound<'py, PyAny>) -> Result<(Bound<'py, PyDict>, bool)> {
        if let Ok(native) = event.cast::<Event>()
            && self.completes_natively()?
            && self.originals.build_payload_is_original(native)?
        {
            let event = NativeEvent { global_contexts: Cow::Borrowed(&[]), ..self.read_event(native)? };
            return Ok((self.fields_of(&event, Encoding { base64: false, ..self.encoding })?, true));
        }
        let fields = if is_payload(event)? { nv_pairs(event)?.into_any() } else { self.complete(event)? };
        Ok((payload::into_dict(fields)?.copy()?, false))
    }

    /// Returns the fields of the payload that `complete_payload` makes of an event.
    pub fn complete(&self, event: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        let arguments = PyDict::new(self.py());
        arguments.set_item("event", event)?;
        let payload = call_user_code(&self.tracker.getattr("complete_payload")?, (), Some(&arguments))?;
        Ok(payload.getattr("nv_pairs")?)
    }
}
