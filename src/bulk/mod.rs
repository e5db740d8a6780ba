//! Lines of JSON as records, for bulk loads: the usual line of the usual load, in one straight line. Whatever differs is left to
//! `snowplow_tracker/bulk/`, which defines what a line means.

mod fields;
mod keys;
pub mod line;
pub mod lines;
#[cfg(feature = "python")]
pub mod python;
mod schema;
mod times;
mod value;
