//! What a program has added to a tracker or switched off. Nearly all trackers have none of it, and pay nothing for it.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

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
}

impl CloneWithGil for Additions {
    fn clone_with_gil(&self, _py: Python<'_>) -> Self {
        Self { silence: self.silence }
    }
}

impl Additions {
    /// Returns true if the tracker is an ordinary one.
    pub fn is_empty(&self) -> bool {
        self.silence == Silence::None
    }
}

/// How many events a tracker did not pass to its emitters, by the reason.
#[derive(Default)]
pub struct Dropped {
    /// While it was paused.
    pub paused: AtomicU64,
}

impl Dropped {
    /// Creates counters at zero.
    pub const fn new() -> Self {
        Self { paused: AtomicU64::new(0) }
    }
}

/// Drops an event if the tracker is silent. Returns what `track` returns then: None, or the tracker for a `Payload`.
#[cold]
pub fn intercept<'py>(
    tracker: &Bound<'py, PyAny>,
    dropped: &Dropped,
    additions: &Additions,
    event: &Bound<'py, PyAny>,
) -> Result<Option<Option<Bound<'py, PyAny>>>> {
    if additions.silence == Silence::None {
        return Ok(None);
    }
    if additions.silence == Silence::Paused {
        dropped.paused.fetch_add(1, Ordering::Relaxed);
    }
    Ok(Some(is_payload(event)?.then(|| tracker.clone())))
}
