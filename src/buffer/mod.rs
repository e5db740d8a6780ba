//! Records between `track` and a request: a bounded queue, and the request bodies made of it.

mod chunk;
mod chunk_pool;
#[cfg(feature = "python")]
pub mod python;
pub mod queue;
