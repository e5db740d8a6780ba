//! Remembers which classes passed a check, at the price of one comparison.
//!
//! CPython gives each state of a class a version, `tp_version_tag`. It changes when the class or one of its bases changes, for example
//! when a method is replaced, and is 0 if none is assigned
//! (<https://docs.python.org/3/c-api/typeobj.html#c.PyTypeObject.tp_version_tag>). The limited API does not show it: there, every class
//! is checked each time.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

const SLOTS: usize = 16;

/// Classes that passed a check, each with the version that did.
pub struct TypeCheckCache {
    slots: [Slot; SLOTS],
}

struct Slot {
    class: AtomicUsize,
    version: AtomicU32,
}

impl Slot {
    #[inline]
    fn is(&self, address: usize, version: u32) -> bool {
        version != 0 && self.version.load(Ordering::Acquire) == version && self.class.load(Ordering::Relaxed) == address
    }
}

impl TypeCheckCache {
    /// Creates an empty cache.
    pub const fn new() -> Self {
        Self { slots: [const { Slot { class: AtomicUsize::new(0), version: AtomicU32::new(0) } }; SLOTS] }
    }

    /// Returns true if the class is known to pass. Looks at nothing else, and runs no Python code.
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    #[inline]
    pub fn knows(&self, class: &Bound<'_, PyType>) -> bool {
        let address = class.as_ptr() as usize;
        self.slot(address).is(address, version_of(class))
    }

    #[inline]
    fn slot(&self, address: usize) -> &Slot {
        &self.slots[(address >> 4 ^ address >> 9) % SLOTS]
    }

    /// Returns the result of `check`, which is called only if the class is not known to pass.
    pub fn check(&self, class: &Bound<'_, PyType>, check: impl FnOnce() -> PyResult<bool>) -> PyResult<bool> {
        let address = class.as_ptr() as usize;
        let slot = self.slot(address);
        let version = version_of(class);
        if slot.is(address, version) {
            return Ok(true);
        }
        let passes = check()?;
        // `check` may have run Python code that changed the class.
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
#[expect(unsafe_code, reason = "looking up the methods by name takes an eighth of track()")]
fn version_of(class: &Bound<'_, PyType>) -> u32 {
    let class = class.as_type_ptr();
    // SAFETY: the pointer is a live class, which the caller's reference keeps alive. `tp_version_tag` is an aligned u32, which other
    // threads write while they hold the GIL, or atomically in builds without one.
    unsafe { AtomicU32::from_ptr(&raw mut (*class).tp_version_tag) }.load(Ordering::Relaxed)
}
