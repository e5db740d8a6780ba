//! A growing buffer of bytes that survives a lack of memory. It does not depend on Python.
//!
//! `Vec` aborts the process if it cannot grow, and the size of what is written depends on the program's data. A fallible result of each
//! write would cost a branch for each: instead, a buffer that cannot grow is emptied, ignores further writes, and fails its `check`.

use std::ops::Deref;
use std::ptr::{self, NonNull};

/// The memory for data could not be allocated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoMemory;

/// Bytes that are written one after the other.
#[derive(Default)]
pub struct Output {
    bytes: Vec<u8>,
    has_failed: bool,
}

impl Output {
    /// Creates an empty buffer, which takes no memory yet.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), has_failed: false }
    }

    /// Fails if something that was written is missing.
    #[inline]
    pub fn check(&self) -> Result<(), NoMemory> {
        if self.has_failed { Err(NoMemory) } else { Ok(()) }
    }

    /// Makes room for more bytes. Returns false if there is none: nothing may be written then.
    #[inline]
    #[must_use]
    pub fn reserve(&mut self, additional: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= additional || self.grow(additional)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, additional: usize) -> bool {
        let has_grown = !self.has_failed && self.bytes.try_reserve(additional).is_ok();
        if !has_grown {
            self.fail();
        }
        has_grown
    }

    /// Appends a byte.
    #[inline]
    pub fn push(&mut self, byte: u8) {
        self.extend_from_slice(&[byte]);
    }

    /// Appends bytes.
    #[inline]
    #[expect(unsafe_code, reason = "Vec would look for room once more: a hundredth of track()")]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.reserve(bytes.len()) {
            let length = self.bytes.len();
            // SAFETY: there is room for the bytes behind the length, and `bytes` cannot be part of this exclusively borrowed buffer.
            unsafe {
                ptr::copy_nonoverlapping(bytes.as_ptr(), self.bytes.as_mut_ptr().add(length), bytes.len());
                self.bytes.set_len(length + bytes.len());
            }
        }
    }

    /// Returns where the next byte goes, and the end of the memory.
    #[inline]
    #[expect(unsafe_code, reason = "see extend_from_slice")]
    pub fn spare(&mut self) -> (NonNull<u8>, *mut u8) {
        let spare = self.bytes.spare_capacity_mut();
        let range = spare.as_mut_ptr_range();
        // SAFETY: a pointer into a vector is never null, even if the vector is empty.
        (unsafe { NonNull::new_unchecked(range.start.cast()) }, range.end.cast())
    }

    /// Ends the bytes at a pointer.
    ///
    /// # Safety
    ///
    /// The pointer must come from `spare`, and all bytes before it must be written.
    #[inline]
    #[expect(unsafe_code, reason = "see extend_from_slice")]
    pub unsafe fn end_at(&mut self, end: NonNull<u8>) {
        // SAFETY: see the requirements above.
        unsafe { self.bytes.set_len(end.as_ptr().offset_from_unsigned(self.bytes.as_ptr())) };
    }

    /// Notes that something is missing.
    pub fn fail(&mut self) {
        self.bytes = Vec::new();
        self.has_failed = true;
    }

    /// Calls `write` with the bytes as a vector that has room for `additional` more, unless there is no memory.
    pub fn append_with(&mut self, additional: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if self.reserve(additional) {
            write(&mut self.bytes);
        }
    }

    /// Returns a pointer to the first byte.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }

    /// Sets the length.
    ///
    /// # Safety
    ///
    /// As for `Vec::set_len`.
    #[inline]
    #[expect(unsafe_code, reason = "passed on from Vec")]
    pub unsafe fn set_len(&mut self, length: usize) {
        // SAFETY: see the requirements above.
        unsafe { self.bytes.set_len(length) };
    }

    /// Removes the last byte.
    pub fn pop(&mut self) {
        self.bytes.pop();
    }

    /// Keeps the first bytes.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Removes all bytes, and forgets that there was no memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.has_failed = false;
    }

    /// Returns the number of bytes that fit into the memory it has.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

impl Deref for Output {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{NoMemory, Output};

    #[test]
    fn without_memory_it_ignores_writes_and_fails() {
        let mut out = Output::new();
        out.extend_from_slice(b"kept");
        assert!(!out.reserve(isize::MAX as usize));
        out.push(b'x');
        out.extend_from_slice(b"y");
        assert!(out.is_empty());
        assert_eq!(out.check(), Err(NoMemory));
        out.clear();
        out.push(b'z');
        assert_eq!((&*out, out.check()), (&b"z"[..], Ok(())));
    }
}
