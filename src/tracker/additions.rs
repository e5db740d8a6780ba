//! What a program has added to a tracker or switched off. Nearly all trackers have none of it, and pay nothing for it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::global_contexts::GlobalContexts;
use crate::cpython::call::call_user_method;
use crate::cpython::lookup::is_payload;
use crate::error::Result;
use crate::sync::rcu::CloneWithGil;

/// Whether a tracker drops its events.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Silence {
    /// It tracks.
    #[default]
    None,
    /// The program has paused it.
    Paused,
    /// The user has disabled all trackers of the program, by an environment variable.
    Disabled,
}

/// What differs from an ordinary tracker.
#[derive(Default)]
pub struct Additions {
    /// Whether events are dropped.
    pub silence: Silence,
    /// The object of the package's Python half that keeps what the program has added, if anything.
    pub owner: Option<Py<PyAny>>,
    /// Whether events go through `owner.track`, which runs the program's hooks.
    pub has_hooks: bool,
    /// The variable that contains the current scope, if the tracker reads scopes.
    pub scope: Option<Py<PyAny>>,
    /// Entities of every event.
    pub contexts: GlobalContexts,
}

impl CloneWithGil for Additions {
    fn clone_with_gil(&self, py: Python<'_>) -> Self {
        Self {
            silence: self.silence,
            owner: self.owner.as_ref().map(|owner| owner.clone_ref(py)),
            has_hooks: self.has_hooks,
            scope: self.scope.as_ref().map(|scope| scope.clone_ref(py)),
            contexts: self.contexts.clone_with_gil(py),
        }
    }
}

impl Additions {
    /// Returns true if the tracker is an ordinary one.
    pub fn is_empty(&self) -> bool {
        self.silence == Silence::None && self.owner.is_none()
    }

    /// Returns true if nothing changes an event but the current scope.
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    pub fn is_scope_only(&self) -> bool {
        self.silence == Silence::None && !self.has_hooks && self.contexts.is_empty()
    }

    /// Visits all objects, for the garbage collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        visit.call(&self.scope)?;
        self.contexts.traverse(visit)
    }

    /// Removes what may hold the tracker, for the garbage collector. A tracker without its hooks must not send: they may redact.
    pub fn clear(&mut self) -> Self {
        let silence = if self.has_hooks { Silence::Disabled } else { self.silence };
        std::mem::replace(self, Self { silence, ..Self::default() })
    }
}

/// How many events a tracker did not pass to its emitters, by the reason.
#[derive(Default)]
pub struct Dropped {
    /// While it was paused.
    pub paused: AtomicU64,
    /// By a filter or by `before_send`.
    pub filtered: AtomicU64,
    /// Since `before_send` raised an exception.
    pub failed: AtomicU64,
}

impl Dropped {
    /// Creates counters at zero.
    pub const fn new() -> Self {
        Self { paused: AtomicU64::new(0), filtered: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }
}

/// Drops an event if the tracker is silent, or runs the program's hooks. Breaks with what `track` returns, or continues with the event as
/// it is: there are no hooks, or one of them tracks it.
#[cold]
pub fn intercept<'py>(
    tracker: &Bound<'py, PyAny>,
    dropped: &Dropped,
    additions: &Additions,
    event: &Bound<'py, PyAny>,
) -> Result<ControlFlow<Option<Bound<'py, PyAny>>>> {
    let py = tracker.py();
    if additions.silence != Silence::None {
        if additions.silence == Silence::Paused {
            dropped.paused.fetch_add(1, Ordering::Relaxed);
        }
        // As always, None or the tracker for a `Payload`.
        return Ok(ControlFlow::Break(is_payload(event)?.then(|| tracker.clone())));
    }
    if let Some(owner) = additions.owner.as_ref().filter(|_| additions.has_hooks) {
        let result = call_user_method(owner.bind(py), crate::sync::once::intern!(py, "track"), (tracker, event))?;
        if !result.is(py.NotImplemented()) {
            return Ok(ControlFlow::Break(Some(result).filter(|result| !result.is_none())));
        }
    }
    Ok(ControlFlow::Continue(()))
}
