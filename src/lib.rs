//! `snowplow_tracker._native`: payload assembly, JSON, base64 and buffering for the Snowplow tracker.
//!
//! Files that import `PyO3` are the border to Python; the others are plain Rust and are tested without an interpreter.

// Public for the benchmarks: nothing else links to this crate.
pub mod base64;
pub mod buffer;
mod chunk_memory;
pub mod event_id;
pub mod text;

#[cfg(feature = "python")]
mod attributes;
#[cfg(feature = "python")]
mod class_version;
#[cfg(feature = "python")]
mod container_items;
#[cfg(feature = "python")]
mod contracts;
#[cfg(feature = "python")]
mod dict_version;
#[cfg(feature = "python")]
mod emitter;
#[cfg(feature = "python")]
mod error;
#[cfg(feature = "python")]
mod events;
#[cfg(feature = "python")]
mod facts;
#[cfg(feature = "python")]
mod guarded;
#[cfg(feature = "python")]
mod hooks;
#[cfg(feature = "python")]
mod json;
#[cfg(feature = "python")]
mod kept_function;
#[cfg(feature = "python")]
mod name;
#[cfg(feature = "python")]
mod panics;
#[cfg(feature = "python")]
mod payload;
#[cfg(feature = "python")]
mod program_code;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "python")]
mod record_buffer;
#[cfg(feature = "python")]
mod scratch;
#[cfg(feature = "python")]
mod shared;
#[cfg(feature = "python")]
mod tracker;
#[cfg(feature = "python")]
mod tracking;

/// The native part of `snowplow_tracker`.
#[cfg(feature = "python")]
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::contracts::{contracts_enabled, set_contracts_enabled};
    #[pymodule_export]
    use crate::emitter::{EmitterCore, configure_emitter, set_flush_requested};
    #[pymodule_export]
    use crate::events::{Event, PagePing, PageView, ScreenView, SelfDescribing, SelfDescribingJson, StructuredEvent};
    #[pymodule_export]
    use crate::hooks::register_originals;
    #[pymodule_export]
    use crate::payload::build_payload;
    #[pymodule_export]
    use crate::python::{b64, dumps, reseed_event_ids};
    #[pymodule_export]
    use crate::record_buffer::{RecordBatch, RecordBuffer, clean_fields, encode_record, is_text_only, request_bodies};
    #[pymodule_export]
    use crate::tracker::{TrackerCore, mark_patched};

    #[pymodule_export]
    const PAYLOAD_DATA_SCHEMA: &str = crate::buffer::PAYLOAD_DATA_SCHEMA;
    #[pymodule_export]
    const CONTEXT_SCHEMA: &str = crate::payload::CONTEXT_SCHEMA;
    #[pymodule_export]
    const UNSTRUCT_EVENT_SCHEMA: &str = crate::payload::UNSTRUCT_EVENT_SCHEMA;
    #[pymodule_export]
    const MOBILE_SCHEMA_PATH: &str = crate::payload::MOBILE_SCHEMA_PATH;
    #[pymodule_export]
    const VERSION: &str = concat!("py-rs-", env!("CARGO_PKG_VERSION"));

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::panics::silence_guarded_panics();
        crate::dict_version::prepare(module.py());
        crate::events::prepare_classes(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
