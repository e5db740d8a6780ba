//! Tells whether the stack of this thread has room for one more nested call.
//!
//! Before 3.14, CPython counts calls, and does not look at the stack: a thread of 256 KiB overflows long before the recursion limit if
//! each call also has native frames. A counter of our own would not do either, since greenlets share the counters of their thread.

use std::cell::Cell;
use std::hint;

/// The room that a call needs: for its own frames, for the recursion of `json/plain.rs`, and for the program's code up to the next call
/// that is checked.
const NEEDED_BYTES: usize = 64 * 1024;

thread_local! {
    /// The lowest address of the stack, or 0 until it is known.
    static LOWEST: Cell<usize> = const { Cell::new(0) };
}

/// Returns false if the stack is nearly full.
#[cold]
#[inline(never)]
pub fn has_room() -> bool {
    let mut lowest = LOWEST.get();
    if lowest == 0 {
        lowest = imp::lowest_address().unwrap_or(usize::MAX);
        LOWEST.set(lowest);
    }
    let marker = 0_u8;
    let here = hint::black_box(&raw const marker) as usize;
    // On a stack that a program has allocated itself, `here` is far from the thread's own stack: the difference is large, or wraps.
    here.wrapping_sub(lowest) >= NEEDED_BYTES
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod imp {
    use std::mem::MaybeUninit;
    use std::ptr;

    #[expect(unsafe_code, reason = "only the C library knows the stack")]
    pub fn lowest_address() -> Option<usize> {
        let mut attributes = MaybeUninit::uninit();
        let (mut lowest, mut size) = (ptr::null_mut(), 0);
        // SAFETY: the attributes are initialised by the first call, read if that succeeded, and destroyed once.
        unsafe {
            if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
                return None;
            }
            let found = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size) == 0;
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            found.then_some(lowest as usize)
        }
    }
}

#[cfg(target_os = "macos")]
mod imp {
    #[expect(unsafe_code, reason = "only the C library knows the stack")]
    pub fn lowest_address() -> Option<usize> {
        // SAFETY: both functions only read the attributes of a thread that is alive.
        let (highest, size) = unsafe {
            let thread = libc::pthread_self();
            (libc::pthread_get_stackaddr_np(thread) as usize, libc::pthread_get_stacksize_np(thread))
        };
        highest.checked_sub(size)
    }
}

#[cfg(windows)]
mod imp {
    #[link(name = "kernel32")]
    #[expect(unsafe_code, reason = "declares a function of the system, which is safe to call")]
    unsafe extern "system" {
        safe fn GetCurrentThreadStackLimits(lowest: &mut usize, highest: &mut usize);
    }

    pub fn lowest_address() -> Option<usize> {
        let (mut lowest, mut highest) = (0, 0);
        GetCurrentThreadStackLimits(&mut lowest, &mut highest);
        Some(lowest)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
mod imp {
    pub fn lowest_address() -> Option<usize> {
        None
    }
}
