//! Depth and cycles: where data ends in itself or goes too deep, writing ends in an error instead of a crash.

use std::ffi::c_void;

use pyo3::prelude::*;

use crate::error::{Error, Result};

/// Levels of nesting that are written. So many frames fit the 128 KiB stack of a thread on musl.
pub const MAX_DEPTH: usize = 255;

/// The containers, and the objects handed to the encoder, that are being written: outermost first.
#[derive(Default)]
pub struct Guard {
    open: Vec<*mut c_void>,
}

impl Guard {
    /// Goes one level down, into `object`. Addresses serve to tell objects apart: they are alive as long as they are open.
    pub fn enter(&mut self, object: &Bound<'_, PyAny>) -> Result<()> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.why_too_deep());
        }
        self.open.push(object.as_ptr().cast());
        Ok(())
    }

    /// Comes back up.
    pub fn leave(&mut self) {
        self.open.pop();
    }

    #[cold]
    fn why_too_deep(&self) -> Error {
        let mut open = self.open.clone();
        open.sort_unstable();
        if open.windows(2).any(|pair| pair[0] == pair[1]) { Error::Circular } else { Error::TooDeep }
    }
}
