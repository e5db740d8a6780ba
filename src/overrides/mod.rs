//! Tells whether what `track` calls is still this package's own code, or was patched or overridden by a program.
//!
//! | What a program may replace | Checked in | How |
//! | --- | --- | --- |
//! | a method of the class of a tracker, event, self-describing JSON, emitter or in-memory store | `Originals` | identity of the method, cached by the version of the class in `type_cache` |
//! | a method of one event or self-describing JSON | `cpython/instance.rs`, `has_own` | its `__dict__`, found by `tp_dictoffset` |
//! | a property of a native class, in a subclass | `is_native_property` | the type of the descriptor |
//! | a method of one tracker | `tracker/settings.rs`, `is_patched` | `Tracker.__setattr__` calls `mark_patched` |
//! | a method or attribute of one emitter | `emitter.rs`, `configure_emitter` | the Python half configures the emitter anew |
//! | the fields of a subject or tracker | `payload/field_cache.rs` | version of the dict, then identity of its items |
//! | `time.time` | `globals` | versions of two namespaces |
//! | `uuid.uuid4` | `globals` | versions of three dicts, and the function's `__globals__` |
//! | `__init__` and `__new__` of a native class | `events/vectorcall.rs`, `is_unpatched` | the slots of the class |

pub mod globals;
mod known;
mod type_cache;

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::sync::once::SetOnce;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::cpython::instance::has_own;
use crate::cpython::lookup::{Package, get_or_import};
use type_cache::TypeCheckCache;

/// The native classes whose methods and properties are checked.
pub struct NativeClasses {
    /// The class `Event`.
    pub event: Py<PyType>,
    /// The class `SelfDescribingJson`.
    pub self_describing_json: Py<PyType>,
    /// The kinds of events.
    pub kinds: Vec<Py<PyType>>,
}

static NATIVE_CLASSES: SetOnce<NativeClasses> = SetOnce::new();
/// Those of the latest import of the package. Never freed: calls of `track` use them without a lock.
static ORIGINALS: AtomicPtr<Originals> = AtomicPtr::new(ptr::null_mut());

/// Sets the native classes. Called once, when the module is initialised.
pub fn set_native_classes(py: Python<'_>, classes: NativeClasses) {
    let _ = NATIVE_CLASSES.set(py, classes);
}

/// Returns true if the native module was initialised before.
pub fn has_native_classes(py: Python<'_>) -> bool {
    NATIVE_CLASSES.get(py).is_some()
}

fn native_classes(py: Python<'_>) -> PyResult<&NativeClasses> {
    NATIVE_CLASSES.get(py).ok_or_else(|| PyRuntimeError::new_err("the native module is not initialised"))
}

/// The original methods, and the classes that were seen to have them.
pub struct Originals {
    build_payload: Py<PyAny>,
    to_json: Py<PyAny>,
    tracker: Py<PyType>,
    get_uuid: Py<PyAny>,
    get_timestamp: Py<PyAny>,
    complete_payload: Py<PyAny>,
    input: Py<PyAny>,
    reached_limit: Py<PyAny>,
    store: Py<PyType>,
    add_event: Py<PyAny>,
    accept_record: Py<PyAny>,
    events: TypeCheckCache,
    event_properties: TypeCheckCache,
    self_describing_jsons: TypeCheckCache,
    trackers: TypeCheckCache,
    emitters: TypeCheckCache,
    stores: TypeCheckCache,
    #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
    subjects: TypeCheckCache,
}

/// Registers the methods of `Tracker`, `Emitter`, `InMemoryEventStore` and the native classes. The package calls it when it is imported,
/// before a program can replace any. After a second import, trackers and emitters of the first count as overridden: they go on, by the
/// methods that they have. `accept_record(emitter, record, created_ms)` takes records that cannot be appended.
#[pyfunction]
pub fn register_originals(
    py: Python<'_>,
    tracker: &Bound<'_, PyType>,
    emitter: &Bound<'_, PyType>,
    store: &Bound<'_, PyType>,
    accept_record: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let native = native_classes(py)?;
    // Of a second import, the native classes are the same, and a program may have replaced their methods meanwhile.
    let (build_payload, to_json) = match originals(py) {
        Ok(first) => (first.build_payload.clone_ref(py), first.to_json.clone_ref(py)),
        Err(_) => (native.event.getattr(py, "build_payload")?, native.self_describing_json.getattr(py, "to_json")?),
    };
    let originals = Originals {
        build_payload,
        to_json,
        tracker: tracker.clone().unbind(),
        get_uuid: tracker.getattr("get_uuid")?.unbind(),
        get_timestamp: tracker.getattr("get_timestamp")?.unbind(),
        complete_payload: tracker.getattr("complete_payload")?.unbind(),
        input: emitter.getattr("input")?.unbind(),
        reached_limit: emitter.getattr("reached_limit")?.unbind(),
        store: store.clone().unbind(),
        add_event: store.getattr("add_event")?.unbind(),
        accept_record: accept_record.clone().unbind(),
        events: TypeCheckCache::new(),
        event_properties: TypeCheckCache::new(),
        self_describing_jsons: TypeCheckCache::new(),
        trackers: TypeCheckCache::new(),
        emitters: TypeCheckCache::new(),
        stores: TypeCheckCache::new(),
        #[cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
        subjects: TypeCheckCache::new(),
    };
    Package::set_imported(py)?;
    ORIGINALS.store(Box::into_raw(Box::new(originals)), Ordering::Release);
    Ok(())
}

/// Returns the registered methods.
#[expect(unsafe_code, reason = "a lock would be contended by all threads that track")]
pub fn originals(_py: Python<'_>) -> PyResult<&Originals> {
    // SAFETY: null, or a pointer from `Box::into_raw` that is never freed.
    unsafe { ORIGINALS.load(Ordering::Acquire).as_ref() }
        .ok_or_else(|| PyRuntimeError::new_err("the package snowplow_tracker was not imported"))
}

macro_rules! is_original {
    ($class:expr, $name:literal, $original:expr) => {{
        let class: &Bound<'_, PyType> = $class;
        class.getattr(crate::sync::once::intern!(class.py(), $name))?.is($original)
    }};
}

/// Returns true if an attribute of a class is a property that native code defined, and not one of a subclass.
pub fn is_native_property(class: &Bound<'_, PyType>, name: &str) -> PyResult<bool> {
    static NATIVE: SetOnce<Py<PyAny>> = SetOnce::new();
    let py = class.py();
    let native = get_or_import(&NATIVE, py, || py.import("types")?.getattr("GetSetDescriptorType"))?;
    Ok(class.getattr(name)?.get_type().is(native))
}

fn all_native_properties(class: &Bound<'_, PyType>, names: impl IntoIterator<Item = &'static str>) -> PyResult<bool> {
    for name in names {
        if !is_native_property(class, name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

const TRACKER_PROPERTIES: [&str; 5] = ["emitters", "subject", "encode_base64", "json_encoder", "standard_nv_pairs"];

impl Originals {
    /// Returns true if an event is encoded by the original `build_payload`.
    pub fn build_payload_is_original(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        let class = event.get_type();
        Ok(!has_own(event, crate::sync::once::intern!(event.py(), "build_payload"))?
            && self.events.check(&class, || Ok(is_original!(&class, "build_payload", &self.build_payload)))?)
    }

    /// Returns true if all these properties of a class of events are native.
    pub fn properties_are_original<Names: Iterator<Item = &'static str>>(
        &self,
        class: &Bound<'_, PyType>,
        names: impl FnOnce() -> Names,
    ) -> PyResult<bool> {
        // Under the limited API nothing is cached, and looking up ten properties for each event would be slow.
        if cfg!(feature = "abi3") && native_classes(class.py())?.kinds.iter().any(|kind| class.is(kind)) {
            return Ok(true);
        }
        self.event_properties.check(class, || all_native_properties(class, names()))
    }

    /// Returns true if a self-describing JSON is read by the original `to_json`.
    pub fn to_json_is_original(&self, json: &Bound<'_, PyAny>) -> PyResult<bool> {
        let class = json.get_type();
        Ok(!has_own(json, crate::sync::once::intern!(json.py(), "to_json"))?
            && self.self_describing_jsons.check(&class, || Ok(is_original!(&class, "to_json", &self.to_json)))?)
    }

    /// Returns true if everything that `track` uses of a tracker's class is original.
    pub fn tracker_is_original(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        self.trackers.check(class, || {
            let methods_are_original = self.complete_payload_is_original(class)?
                && self.get_uuid_is_original(class)?
                && self.get_timestamp_is_original(class)?;
            let skips_properties = cfg!(feature = "abi3") && class.is(&self.tracker);
            Ok(methods_are_original && (skips_properties || all_native_properties(class, TRACKER_PROPERTIES)?))
        })
    }

    /// Returns true if a tracker's class has the original `complete_payload`.
    pub fn complete_payload_is_original(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        Ok(is_original!(class, "complete_payload", &self.complete_payload))
    }

    /// Returns true if a tracker's class has the original `get_uuid`.
    pub fn get_uuid_is_original(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        Ok(is_original!(class, "get_uuid", &self.get_uuid))
    }

    /// Returns true if a tracker's class has the original `get_timestamp`.
    pub fn get_timestamp_is_original(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        Ok(is_original!(class, "get_timestamp", &self.get_timestamp))
    }

    /// Returns true if an emitter's class, and the in-memory store, take events by their original methods.
    pub fn input_is_original(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        let is_original = self.emitters.check(class, || {
            Ok(is_original!(class, "input", &self.input) && is_original!(class, "reached_limit", &self.reached_limit))
        })?;
        let store = self.store.bind(class.py());
        Ok(is_original && self.stores.check(store, || Ok(is_original!(store, "add_event", &self.add_event)))?)
    }

    /// The package's function that takes records which cannot be appended to a sink.
    pub fn accept_record(&self) -> &Py<PyAny> {
        &self.accept_record
    }
}
