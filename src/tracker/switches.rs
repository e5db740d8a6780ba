//! What the Python half of a tracker switches on and off in the native half.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::TrackerCore;
use super::additions::{Additions, Silence};
use super::global_contexts::GlobalContexts;
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

/// Sets what a program has added to a tracker.
///
/// `owner.track(tracker, event)` runs the program's hooks if `has_hooks` is true. `owner.complete(tracker, event, fields)` returns the fields
/// of a completed payload with the additions. `scope` is the variable with the current scope. `contexts` are entities with their JSON.
#[pyfunction]
#[pyo3(signature = (tracker, owner, has_hooks, scope, contexts))]
pub fn configure_additions(
    tracker: &Bound<'_, TrackerCore>,
    owner: Option<Bound<'_, PyAny>>,
    has_hooks: bool,
    scope: Option<Bound<'_, PyAny>>,
    contexts: Vec<(Bound<'_, PyAny>, Vec<u8>)>,
) {
    let object = |object: &Option<Bound<'_, PyAny>>| object.clone().map(Bound::unbind);
    update(tracker, |additions| {
        let contexts = contexts.iter().map(|(entity, json)| (entity.clone().unbind(), json.clone())).collect();
        let contexts = GlobalContexts::new(contexts);
        *additions =
            Additions { silence: additions.silence, owner: object(&owner), has_hooks, scope: object(&scope), contexts };
    });
}

/// Returns the object that `configure_additions` was given.
#[pyfunction]
pub fn additions_of<'py>(tracker: &Bound<'py, TrackerCore>) -> Option<Bound<'py, PyAny>> {
    let loaded = tracker.get().state.settings.load(tracker.py());
    let owner = loaded.get()?.additions.as_ref()?.owner.as_ref()?;
    Some(owner.bind(tracker.py()).clone())
}

/// Counts an event that a hook has dropped, on purpose or by raising an exception.
#[pyfunction]
pub fn count_dropped(tracker: &Bound<'_, TrackerCore>, failed: bool) {
    let dropped = &tracker.get().state.dropped;
    let counter = if failed { &dropped.failed } else { &dropped.filtered };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Returns how many events were dropped: while the tracker was paused, by hooks on purpose, and by hooks that raised an exception.
#[pyfunction]
pub fn dropped_events(tracker: &Bound<'_, TrackerCore>) -> [u64; 3] {
    let dropped = &tracker.get().state.dropped;
    [&dropped.paused, &dropped.filtered, &dropped.failed].map(|counter| counter.load(Ordering::Relaxed))
}
