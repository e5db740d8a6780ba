//! A record that is written at a cursor: a pointer with room behind it. Room is looked for once for each field.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
#![expect(unsafe_code, reason = "looking for room at each piece of a field takes a tenth of a page view")]

use std::ptr::NonNull;

use crate::field_name::FieldName;
use crate::json::{cursor, escape};
use crate::output::{NoMemory, Output};

/// The room behind the cursor for anything but the characters of a value: the name of a field, a number, quotes.
const ROOM: usize = 64;

/// The record. What was written since `begin` counts only after `end`.
pub struct Line<'a> {
    out: &'a mut Output,
    at: NonNull<u8>,
    end: *mut u8,
}

impl<'a> Line<'a> {
    /// Goes on at the end of `out`, with room for some bytes.
    #[inline]
    pub fn begin(out: &'a mut Output, bytes: usize) -> Result<Self, NoMemory> {
        if !out.reserve(bytes + ROOM) {
            return Err(NoMemory);
        }
        let (at, end) = out.spare();
        Ok(Self { out, at, end })
    }

    /// Ends the output at the cursor.
    #[inline]
    pub fn end(&mut self) {
        // SAFETY: everything before the cursor is written.
        unsafe { self.out.end_at(self.at) };
    }

    /// Goes on at the end of the output, with room for some bytes.
    #[inline]
    fn go_on(&mut self, bytes: usize) -> Result<(), NoMemory> {
        if !self.out.reserve(bytes) {
            return Err(NoMemory);
        }
        (self.at, self.end) = self.out.spare();
        Ok(())
    }

    /// Has `write` append to the output, and goes on behind that.
    #[inline]
    pub fn append_with<R>(&mut self, write: impl FnOnce(&mut Output) -> R) -> Result<R, NoMemory> {
        self.end();
        let result = write(self.out);
        self.go_on(ROOM)?;
        Ok(result)
    }

    /// Makes room for some bytes, and for `ROOM` more.
    #[inline(always)]
    fn room(&mut self, bytes: usize) -> Result<(), NoMemory> {
        if self.end as usize - self.at.as_ptr() as usize >= bytes + ROOM { Ok(()) } else { self.grow(bytes) }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: usize) -> Result<(), NoMemory> {
        self.end();
        self.go_on(2 * (bytes + ROOM))
    }

    /// Appends bytes.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), NoMemory> {
        self.room(bytes.len())?;
        // SAFETY: there is room for the bytes, which cannot be part of the exclusively borrowed output.
        unsafe {
            self.at.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            self.at = self.at.add(bytes.len());
        }
        Ok(())
    }

    /// Appends a field, with its comma, whose value is UTF-8. Returns false, and appends nothing, if a byte of it needs an escape.
    #[inline(always)]
    pub fn field(&mut self, name: &FieldName, value: &[u8]) -> Result<bool, NoMemory> {
        self.room(value.len())?;
        // SAFETY: there is room for the value, and `ROOM` for the rest.
        unsafe {
            let start = name.write_record_prefix(self.at);
            if !escape::copy_plain(value, start.as_ptr()) {
                return Ok(false);
            }
            self.at = cursor::word(start.add(value.len()), *b"\",");
        }
        Ok(true)
    }

    /// Appends a field, with its comma, whose value is short and needs no escape.
    #[inline(always)]
    pub fn word<const N: usize>(&mut self, name: &FieldName, value: [u8; N]) -> Result<(), NoMemory> {
        self.room(N)?;
        // SAFETY: as in `field`.
        unsafe { self.at = cursor::word(cursor::word(name.write_record_prefix(self.at), value), *b"\",") };
        Ok(())
    }

    /// Appends a field whose value is an integer.
    #[inline]
    pub fn int(&mut self, name: &FieldName, value: i64) -> Result<(), NoMemory> {
        self.room(0)?;
        // SAFETY: there is `ROOM`.
        unsafe { self.at = cursor::word(cursor::int(name.write_record_prefix(self.at), value), *b"\",") };
        Ok(())
    }

    /// Appends a field whose value is a finite float.
    pub fn float(&mut self, name: &FieldName, value: f64) -> Result<(), NoMemory> {
        self.room(0)?;
        // SAFETY: there is `ROOM`.
        unsafe { self.at = cursor::word(cursor::float(name.write_record_prefix(self.at), value), *b"\",") };
        Ok(())
    }

    /// Writes a bracket over the comma after the last field.
    #[inline]
    pub fn close(&mut self, bracket: u8) {
        // SAFETY: the last byte before the cursor is part of the output, and there is room for one more.
        unsafe { self.at = cursor::close(self.at, self.at.as_ptr() != self.out.as_mut_ptr(), bracket) };
    }
}
