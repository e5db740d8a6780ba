//! Python objects as compact JSON, by the rules of `json.dumps`.

pub mod escape;
pub mod transcode;

#[cfg(feature = "python")]
mod containers;
#[cfg(feature = "python")]
pub mod cursor;
#[cfg(feature = "python")]
pub mod default;
#[cfg(feature = "python")]
mod durations;
#[cfg(feature = "python")]
mod hints;
#[cfg(feature = "python")]
mod numpy;
#[cfg(feature = "python")]
mod path;
#[cfg(feature = "python")]
pub mod plain;
#[cfg(feature = "python")]
pub mod python;
#[cfg(feature = "python")]
pub mod rules;
#[cfg(feature = "python")]
mod scalars;
#[cfg(feature = "python")]
mod stack;
#[cfg(feature = "python")]
pub mod substitute;
#[cfg(feature = "python")]
pub mod text;
#[cfg(feature = "python")]
pub mod writer;
