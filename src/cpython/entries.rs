//! The entries of a dict, borrowed, in order.
#![cfg(not(Py_GIL_DISABLED))]

use pyo3::prelude::*;

pub use imp::Entries;

/// A key and its value, borrowed from a dict.
type BorrowedEntry<'a, 'py> = (Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>);

/// Reads the table of a dict, whose layout is the same in CPython 3.11, 3.12 and 3.13 (`pycore_dict.h`).
#[cfg(all(not(feature = "abi3"), Py_3_11, not(Py_3_14)))]
mod imp {
    #![expect(unsafe_code, reason = "calling PyDict_Next for each entry takes a sixth of writing JSON")]

    use std::marker::PhantomData;
    use std::ptr;

    use pyo3::ffi;
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    use super::BorrowedEntry;
    use crate::cpython::items::borrowed_entry;

    /// `struct _dictkeysobject` without its table of indices, which the entries follow.
    #[repr(C)]
    struct Keys {
        references: isize,
        log2_size: u8,
        log2_index_bytes: u8,
        kind: u8,
        version: u32,
        usable: isize,
        used: isize,
    }

    /// The kind of a table whose keys are not all strings: an entry starts with the hash of its key.
    const GENERAL: u8 = 0;

    /// An iterator over the entries of a dict.
    pub struct Entries<'a, 'py> {
        dict: &'a Bound<'py, PyDict>,
        /// The key of the next entry, or null if the dict shares its keys with others: `PyDict_Next` reads those.
        next: *const *mut ffi::PyObject,
        words: usize,
        position: isize,
        end: isize,
        borrowed: PhantomData<&'a PyAny>,
    }

    impl<'a, 'py> Entries<'a, 'py> {
        /// Returns the entries of a dict.
        ///
        /// # Safety
        ///
        /// The dict must not change as long as the iterator is used: no Python code may run, not even a finaliser.
        #[inline(always)]
        pub unsafe fn of(dict: &'a Bound<'py, PyDict>) -> Self {
            let raw = dict.as_ptr().cast::<ffi::PyDictObject>();
            // SAFETY: the pointer is a live dict. A dict with a table of its own has no separate values, and its entries follow the
            // indices.
            unsafe {
                let keys = (*raw).ma_keys.cast::<Keys>();
                let (next, words) = if (*raw).ma_values.is_null() {
                    let entries = keys.add(1).byte_add(1 << (*keys).log2_index_bytes).cast::<*mut ffi::PyObject>();
                    if (*keys).kind == GENERAL { (entries.add(1).cast_const(), 3) } else { (entries.cast_const(), 2) }
                } else {
                    (ptr::null(), 0)
                };
                Self { dict, next, words, position: 0, end: (*keys).used, borrowed: PhantomData }
            }
        }

        /// The position of the next entry, as `PyDict_Next` counts.
        pub fn position(&self) -> isize {
            self.position
        }

        /// Returns the next entry.
        ///
        /// # Safety
        ///
        /// As for `of`.
        #[inline(always)]
        pub unsafe fn next(&mut self) -> Option<BorrowedEntry<'a, 'py>> {
            // SAFETY: see the requirements above. Entries of removed keys have no value.
            unsafe {
                if self.next.is_null() {
                    return borrowed_entry(self.dict, &mut self.position);
                }
                while self.position < self.end {
                    let (key, value) = (*self.next, *self.next.add(1));
                    self.next = self.next.add(self.words);
                    self.position += 1;
                    if !value.is_null() {
                        let py = self.dict.py();
                        return Some((Borrowed::from_ptr(py, key), Borrowed::from_ptr(py, value)));
                    }
                }
                None
            }
        }
    }
}

#[cfg(any(feature = "abi3", not(Py_3_11), Py_3_14))]
mod imp {
    #![expect(unsafe_code, reason = "see borrowed_entry")]

    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    use super::BorrowedEntry;
    use crate::cpython::items::borrowed_entry;

    /// An iterator over the entries of a dict.
    pub struct Entries<'a, 'py> {
        dict: &'a Bound<'py, PyDict>,
        position: isize,
    }

    impl<'a, 'py> Entries<'a, 'py> {
        /// Returns the entries of a dict.
        ///
        /// # Safety
        ///
        /// Each entry must be used, or owned, before the dict changes.
        pub unsafe fn of(dict: &'a Bound<'py, PyDict>) -> Self {
            Self { dict, position: 0 }
        }

        /// The position of the next entry, as `PyDict_Next` counts.
        pub fn position(&self) -> isize {
            self.position
        }

        /// Returns the next entry.
        ///
        /// # Safety
        ///
        /// As for `of`.
        #[inline(always)]
        pub unsafe fn next(&mut self) -> Option<BorrowedEntry<'a, 'py>> {
            // SAFETY: see the requirements above.
            unsafe { borrowed_entry(self.dict, &mut self.position) }
        }
    }
}
