//! Single tokens at a cursor: a pointer into memory that has room for them.
//!
//! # Safety
//!
//! Behind each cursor there must be room for 64 bytes. Each function returns the cursor after what it wrote.
#![expect(unsafe_code, reason = "each write would look for room: a third of the JSON writer")]

use std::ptr::NonNull;

use super::escape::copy_plain;

/// Writes a byte.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn byte(at: NonNull<u8>, byte: u8) -> NonNull<u8> {
    // SAFETY: see the requirements above.
    unsafe {
        at.write(byte);
        at.add(1)
    }
}

/// Writes a word, such as `null`, by one store.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn word<const N: usize>(at: NonNull<u8>, word: [u8; N]) -> NonNull<u8> {
    // SAFETY: see the requirements above.
    unsafe {
        at.cast::<[u8; N]>().write(word);
        at.add(N)
    }
}

/// Writes a closing bracket: over the comma that follows the last item, if there is one.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn close(at: NonNull<u8>, has_items: bool, bracket: u8) -> NonNull<u8> {
    // SAFETY: see the requirements above. The comma was written at the byte before.
    unsafe { byte(at.sub(usize::from(has_items)), bracket) }
}

/// Writes an integer.
///
/// # Safety
///
/// See above.
#[inline]
pub unsafe fn int(at: NonNull<u8>, number: i64) -> NonNull<u8> {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(number).as_bytes();
    // SAFETY: an i64 has at most 20 characters.
    unsafe {
        copy_plain(digits, at.as_ptr());
        at.add(digits.len())
    }
}

/// Writes a float that is finite.
///
/// # Safety
///
/// See above.
#[inline]
pub unsafe fn float(at: NonNull<u8>, number: f64) -> NonNull<u8> {
    let mut digits = zmij::Buffer::new();
    let digits = digits.format_finite(number).as_bytes();
    // SAFETY: a buffer of zmij has 24 bytes.
    unsafe {
        copy_plain(digits, at.as_ptr());
        at.add(digits.len())
    }
}
