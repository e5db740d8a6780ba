//! The methods that users patch or override: which of them are still this package's own.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::attributes::has_own;
use crate::class_version::CheckedClasses;
use crate::events::{Event, PagePing, PageView, ScreenView, SelfDescribing, SelfDescribingJson, StructuredEvent};
use crate::python;

/// The methods that users patch or override, as this package made them.
pub struct Hooks {
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
    events: CheckedClasses,
    properties: CheckedClasses,
    data: CheckedClasses,
    trackers: CheckedClasses,
    emitters: CheckedClasses,
    stores: CheckedClasses,
}

static HOOKS: PyOnceLock<Hooks> = PyOnceLock::new();

/// Registers the methods of `Tracker`, `Emitter`, `InMemoryEventStore` and the native classes before a program can replace them. The
/// package calls it once, when it is imported. `accept_record(emitter, record, created_ms)` takes records that cannot be appended.
#[pyfunction]
pub fn register_originals(
    py: Python<'_>,
    tracker: &Bound<'_, PyType>,
    emitter: &Bound<'_, PyType>,
    store: &Bound<'_, PyType>,
    accept_record: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let hooks = Hooks {
        build_payload: py.get_type::<Event>().getattr("build_payload")?.unbind(),
        to_json: py.get_type::<SelfDescribingJson>().getattr("to_json")?.unbind(),
        tracker: tracker.clone().unbind(),
        get_uuid: tracker.getattr("get_uuid")?.unbind(),
        get_timestamp: tracker.getattr("get_timestamp")?.unbind(),
        complete_payload: tracker.getattr("complete_payload")?.unbind(),
        input: emitter.getattr("input")?.unbind(),
        reached_limit: emitter.getattr("reached_limit")?.unbind(),
        store: store.clone().unbind(),
        add_event: store.getattr("add_event")?.unbind(),
        accept_record: accept_record.clone().unbind(),
        events: CheckedClasses::new(),
        properties: CheckedClasses::new(),
        data: CheckedClasses::new(),
        trackers: CheckedClasses::new(),
        emitters: CheckedClasses::new(),
        stores: CheckedClasses::new(),
    };
    let _ = HOOKS.set(py, hooks);
    Ok(())
}

/// The methods as this package made them.
pub fn hooks(py: Python<'_>) -> PyResult<&Hooks> {
    HOOKS.get(py).ok_or_else(|| PyRuntimeError::new_err("the package snowplow_tracker was not imported"))
}

macro_rules! is_ours {
    ($class:expr, $name:literal, $ours:expr) => {{
        let class: &Bound<'_, PyType> = $class;
        class.getattr(pyo3::intern!(class.py(), $name))?.is($ours)
    }};
}

/// Whether an attribute of a class is a property that native code made, and no subclass has put another in its place.
pub fn is_native_property(class: &Bound<'_, PyType>, name: &str) -> PyResult<bool> {
    static NATIVE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = class.py();
    let native = python::found_once(&NATIVE, py, || py.import("types")?.getattr("GetSetDescriptorType"))?;
    Ok(class.getattr(name)?.get_type().is(native))
}

/// Whether an event is of no subclass. Where classes have no versions, the properties of these are not looked at for every event.
fn is_of_a_native_class(event: &Bound<'_, Event>) -> bool {
    event.is_exact_instance_of::<PageView>()
        || event.is_exact_instance_of::<SelfDescribing>()
        || event.is_exact_instance_of::<StructuredEvent>()
        || event.is_exact_instance_of::<ScreenView>()
        || event.is_exact_instance_of::<PagePing>()
}

fn tracker_properties_are_ours(class: &Bound<'_, PyType>) -> PyResult<bool> {
    for name in ["emitters", "subject", "encode_base64", "json_encoder", "standard_nv_pairs"] {
        if !is_native_property(class, name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Hooks {
    /// The package's function that takes records which native code cannot append itself.
    pub fn accept_record(&self) -> &Py<PyAny> {
        &self.accept_record
    }

    /// Whether an event is encoded by this package's own `build_payload`.
    pub fn build_payload_is_ours(&self, event: &Bound<'_, Event>) -> PyResult<bool> {
        let class = event.get_type();
        Ok(!has_own(event, pyo3::intern!(event.py(), "build_payload"))?
            && self.events.pass(&class, || Ok(is_ours!(&class, "build_payload", &self.build_payload)))?)
    }

    /// Whether an event's parameters are read and set by this package's own properties.
    pub fn properties_are_ours(&self, event: &Bound<'_, Event>) -> PyResult<bool> {
        let class = event.get_type();
        if cfg!(feature = "abi3") && is_of_a_native_class(event) {
            return Ok(true);
        }
        self.properties.pass(&class, || {
            for name in Event::properties(event) {
                if !is_native_property(&class, name)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Whether a self-describing JSON says what it is by this package's own `to_json`.
    pub fn to_json_is_ours(&self, json: &Bound<'_, SelfDescribingJson>) -> PyResult<bool> {
        let class = json.get_type();
        Ok(!has_own(json, pyo3::intern!(json.py(), "to_json"))?
            && self.data.pass(&class, || Ok(is_ours!(&class, "to_json", &self.to_json)))?)
    }

    /// Whether everything that `track` calls on a tracker's class is this package's own.
    pub fn tracker_is_ours(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        self.trackers.pass(class, || {
            let methods_are_ours = self.complete_payload_is_ours(class)?
                && self.get_uuid_is_ours(class)?
                && self.get_timestamp_is_ours(class)?;
            let is_trusted = cfg!(feature = "abi3") && class.is(&self.tracker);
            Ok(methods_are_ours && (is_trusted || tracker_properties_are_ours(class)?))
        })
    }

    /// Whether a tracker's class completes payloads by this package's own method.
    pub fn complete_payload_is_ours(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        Ok(is_ours!(class, "complete_payload", &self.complete_payload))
    }

    /// Whether a tracker's class draws event ids by this package's own method.
    pub fn get_uuid_is_ours(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        Ok(is_ours!(class, "get_uuid", &self.get_uuid))
    }

    /// Whether a tracker's class reads the clock by this package's own method.
    pub fn get_timestamp_is_ours(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        Ok(is_ours!(class, "get_timestamp", &self.get_timestamp))
    }

    /// Whether an emitter's class, and the store in memory behind it, take events by this package's own methods.
    pub fn input_is_ours(&self, class: &Bound<'_, PyType>) -> PyResult<bool> {
        let is_ours = self.emitters.pass(class, || {
            Ok(is_ours!(class, "input", &self.input) && is_ours!(class, "reached_limit", &self.reached_limit))
        })?;
        let store = self.store.bind(class.py());
        Ok(is_ours && self.stores.pass(store, || Ok(is_ours!(store, "add_event", &self.add_event)))?)
    }
}
