//! `snowplow_tracker._native`: payload assembly, JSON, base64 and buffering for the Snowplow tracker.
//!
//! Without the feature `python` only plain Rust is compiled, which is tested without an interpreter.

// Public for the benchmarks: nothing else links to this crate.
pub mod base64;
pub mod buffer;
pub mod bulk;
pub mod characters;
pub mod envelope;
pub mod event_id;
pub mod json;
pub mod output;
pub mod process;

#[cfg(feature = "python")]
mod contracts;
#[cfg(feature = "python")]
mod cpython;
#[cfg(feature = "python")]
mod emitter;
#[cfg(feature = "python")]
mod error;
#[cfg(feature = "python")]
mod events;
#[cfg(feature = "python")]
mod field_name;
#[cfg(feature = "python")]
mod overrides;
#[cfg(feature = "python")]
mod panics;
#[cfg(feature = "python")]
mod payload;
#[cfg(feature = "python")]
mod scratch;
#[cfg(feature = "python")]
mod sync;
#[cfg(feature = "python")]
mod tracker;

/// The native part of `snowplow_tracker`.
#[cfg(feature = "python")]
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::buffer::python::{RecordBatch, RecordBuffer, encode_record, is_text_only, request_bodies};
    #[pymodule_export]
    use crate::bulk::python::{EncodedLines, LineEncoder};
    #[pymodule_export]
    use crate::contracts::{contracts_enabled, set_contracts_enabled};
    #[pymodule_export]
    use crate::emitter::{EmitterCore, configure_emitter, set_flush_requested};
    #[pymodule_export]
    use crate::events::{Event, PagePing, PageView, ScreenView, SelfDescribing, SelfDescribingJson, StructuredEvent};
    #[pymodule_export]
    use crate::json::default::default_encoder;
    #[pymodule_export]
    use crate::json::python::{b64, dumps};
    #[pymodule_export]
    use crate::overrides::register_originals;
    #[pymodule_export]
    use crate::payload::python::{build_payload, clean_fields};
    #[pymodule_export]
    use crate::tracker::{
        TrackerCore, additions_of, call_natively, configure_additions, count_dropped, disable_tracker, dropped_events,
        event_fields, mark_patched, process_number, send_fields, set_paused, silence_of, subject_in_scope,
    };

    #[pymodule_export]
    const PAYLOAD_DATA_SCHEMA: &str = crate::buffer::queue::PAYLOAD_DATA_SCHEMA;
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
        let py = module.py();
        // A program may remove the package from `sys.modules` and import it again: the classes stay the same.
        if !crate::overrides::has_native_classes(py) {
            crate::cpython::thread_exit::park_instead_of_unwinding();
            crate::panics::silence_caught_panics();
            crate::process::watch();
            crate::cpython::dict_version::prepare(py);
            crate::events::prepare_classes(py)?;
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
