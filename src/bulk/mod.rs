//! Lines of JSON as records, for bulk loads: the usual line of the usual load, in one straight line. Whatever differs is left to
//! `snowplow_tracker/bulk/`, which defines what a line means.

mod described;
mod entities;
mod fields;
mod keys;
mod line;
pub mod lines;
mod members;
mod names;
#[cfg(feature = "python")]
pub mod python;
mod schema;
pub mod settings;
mod times;
mod value;
