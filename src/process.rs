//! Tells whether this process is a copy of the one that it was, by one load.
//!
//! A child of `fork` has all memory of its parent: the state of generators, buffered events. Python's fork hooks do not run if C code forks,
//! as uWSGI does. So a number in memory tells: the kernel or libc sets it to 0 in a child, and the next look at it replaces it.
#![cfg_attr(unix, expect(unsafe_code, reason = "asking for the process id instead takes a third of track()"))]

#[cfg(unix)]
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of this process; 0 in a copy that nobody has noticed yet.
#[cfg(unix)]
static NUMBER: AtomicPtr<AtomicUsize> = AtomicPtr::new((&raw const IN_ORDINARY_MEMORY).cast_mut());
static IN_ORDINARY_MEMORY: AtomicUsize = AtomicUsize::new(1);
/// The largest number so far, in this process and its parents.
static LARGEST: AtomicUsize = AtomicUsize::new(1);

/// Returns the number of this process. It differs from the numbers of its parents, and never changes in one process.
#[inline]
pub fn number() -> usize {
    match cell().load(Ordering::Relaxed) {
        0 => new_number(),
        number => number,
    }
}

#[cold]
fn new_number() -> usize {
    let number = LARGEST.fetch_add(1, Ordering::Relaxed) + 1;
    // Another thread of the child may have been faster.
    match cell().compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => number,
        Err(number) => number,
    }
}

#[cfg(unix)]
fn cell() -> &'static AtomicUsize {
    // SAFETY: the pointer is that of a static, or of a page that is never unmapped. Both are aligned, and initialised with a number.
    unsafe { &*NUMBER.load(Ordering::Acquire) }
}

#[cfg(not(unix))]
fn cell() -> &'static AtomicUsize {
    &IN_ORDINARY_MEMORY
}

/// Has copies of this process noticed from now on. Call it once, when the module is initialised.
#[cfg(unix)]
pub fn watch() {
    unsafe extern "C" {
        fn pthread_atfork(
            prepare: Option<extern "C" fn()>,
            parent: Option<extern "C" fn()>,
            child: Option<extern "C" fn()>,
        ) -> std::ffi::c_int;
    }

    /// Runs in a child of `fork`, where only what is async-signal-safe is allowed: it changes one atomic number.
    extern "C" fn forget_number() {
        cell().store(0, Ordering::Relaxed);
    }

    #[cfg(target_os = "linux")]
    wiped_on_fork::move_number();
    // SAFETY: the handler may be called at any time, and native modules are never unloaded. If there is no memory for its registration,
    // Python's own fork hooks remain.
    unsafe { pthread_atfork(None, None, Some(forget_number)) };
}

/// Does nothing: the system cannot copy a process.
#[cfg(not(unix))]
pub fn watch() {}

/// Memory that the kernel clears in a child, however it was forked: `MADV_WIPEONFORK`,
/// <https://man7.org/linux/man-pages/man2/madvise.2.html>. Handlers of libc do not run after a raw system call.
#[cfg(target_os = "linux")]
mod wiped_on_fork {
    use std::ffi::{c_int, c_void};
    use std::ptr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    unsafe extern "C" {
        fn mmap(
            address: *mut c_void,
            size: usize,
            protection: c_int,
            flags: c_int,
            file: c_int,
            offset: isize,
        ) -> *mut c_void;
        fn munmap(address: *mut c_void, size: usize) -> c_int;
        fn madvise(address: *mut c_void, size: usize, advice: c_int) -> c_int;
    }

    const SIZE: usize = 4096;
    const READ_WRITE: c_int = 3;
    #[cfg(any(target_arch = "mips", target_arch = "mips64"))]
    const PRIVATE_ANONYMOUS: c_int = 0x802;
    #[cfg(not(any(target_arch = "mips", target_arch = "mips64")))]
    const PRIVATE_ANONYMOUS: c_int = 0x22;
    const WIPE_ON_FORK: c_int = 18;

    /// Moves the number of this process to such memory. Kernels before 4.14 have none: there, it stays where it is.
    pub fn move_number() {
        // SAFETY: a new mapping, which nothing else uses. If it is kept, it is never unmapped.
        unsafe {
            let page = mmap(ptr::null_mut(), SIZE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
            if page.addr() == usize::MAX {
                return;
            }
            if madvise(page, SIZE, WIPE_ON_FORK) != 0 {
                munmap(page, SIZE);
                return;
            }
            let number = page.cast::<AtomicUsize>();
            (*number).store(super::number(), Ordering::Relaxed);
            super::NUMBER.store(number, Ordering::Release);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn a_number_stays_the_same_in_one_process() {
        let before = super::number();
        super::watch();
        assert_eq!((before, before), (super::number(), super::number()));
    }
}
