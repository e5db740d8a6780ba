//! What the Python half of a tracker switches on and off in the native half.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::TrackerCore;
use super::additions::{Additions, Silence};
use super::settings::Settings;

/// Changes the additions of a tracker.
fn update(tracker: &Bound<'_, TrackerCore>, change: impl Fn(&mut Additions)) {
    TrackerCore::update(tracker, |settings: &mut Settings| {
        let mut additions = settings.additions.take().unwrap_or_default();
        change(&mut additions);
        settings.additions = (!additions.is_empty()).then_some(additions);
    });
}

/// Has a tracker drop its events, or track again. A disabled one stays silent.
#[pyfunction]
pub fn set_paused(tracker: &Bound<'_, TrackerCore>, paused: bool) {
    update(tracker, |additions| {
        if additions.silence != Silence::Disabled {
            additions.silence = if paused { Silence::Paused } else { Silence::None };
        }
    });
}

/// Has a tracker drop its events for ever.
#[pyfunction]
pub fn disable_tracker(tracker: &Bound<'_, TrackerCore>) {
    update(tracker, |additions| additions.silence = Silence::Disabled);
}

/// Returns whether a tracker is paused, and whether it is disabled.
#[pyfunction]
pub fn silence_of(tracker: &Bound<'_, TrackerCore>) -> (bool, bool) {
    let loaded = tracker.get().state.settings.load(tracker.py());
    let silence = loaded.get().and_then(|settings| settings.additions.as_ref()).map(|additions| additions.silence);
    (silence == Some(Silence::Paused), silence == Some(Silence::Disabled))
}

/// Returns how many events were dropped while the tracker was paused.
#[pyfunction]
pub fn dropped_events(tracker: &Bound<'_, TrackerCore>) -> u64 {
    tracker.get().state.dropped.paused.load(Ordering::Relaxed)
}
