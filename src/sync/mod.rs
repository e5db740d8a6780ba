//! State that several threads share.

pub mod gil_cell;
pub mod once;
pub mod rcu;
