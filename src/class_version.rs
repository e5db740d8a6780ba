//! Whether a class is still as it was when its methods were last looked at, for the price of one comparison.
//!
//! `CPython` gives each state of a class a version: it changes when the class or one of its bases does, a method being replaced
//! included, and is 0 where none is known. The limited API does not show it, and there every class is looked at each time.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

const SLOTS: usize = 16;

/// Classes that passed a check, each with the version that did.
pub struct CheckedClasses {
    slots: [Slot; SLOTS],
}

struct Slot {
    class: AtomicUsize,
    version: AtomicU32,
}

impl CheckedClasses {
    /// No class yet.
    pub const fn new() -> Self {
        Self { slots: [const { Slot { class: AtomicUsize::new(0), version: AtomicU32::new(0) } }; SLOTS] }
    }

    /// Whether a class passes `check`, which is asked only where its state is not known to.
    pub fn pass(&self, class: &Bound<'_, PyType>, check: impl FnOnce() -> PyResult<bool>) -> PyResult<bool> {
        let address = class.as_ptr() as usize;
        let slot = &self.slots[(address >> 4 ^ address >> 9) % SLOTS];
        let version = version_of(class);
        if version != 0
            && slot.version.load(Ordering::Acquire) == version
            && slot.class.load(Ordering::Relaxed) == address
        {
            return Ok(true);
        }
        let passes = check()?;
        if passes && version != 0 && version_of(class) == version {
            slot.version.store(0, Ordering::Release);
            slot.class.store(address, Ordering::Relaxed);
            slot.version.store(version, Ordering::Release);
        }
        Ok(passes)
    }
}

#[cfg(feature = "abi3")]
fn version_of(_class: &Bound<'_, PyType>) -> u32 {
    0
}

#[cfg(not(feature = "abi3"))]
#[expect(unsafe_code, reason = "looking the methods up by name instead takes an eighth of track()")]
fn version_of(class: &Bound<'_, PyType>) -> u32 {
    let class = class.as_type_ptr();
    // SAFETY: the pointer is that of a live class, which the bound holds a reference to. `tp_version_tag` is an aligned u32 that
    // other threads write under the lock that attachment means, or atomically where there is no such lock.
    unsafe { AtomicU32::from_ptr(&raw mut (*class).tp_version_tag) }.load(Ordering::Relaxed)
}
