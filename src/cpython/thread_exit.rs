//! Keeps the end of a thread from unwinding native frames.
//!
//! Before 3.14, a daemon thread that takes the GIL during `Py_Finalize` is ended by `pthread_exit` (`PyEval_RestoreThread`,
//! <https://docs.python.org/3/c-api/init.html#c.PyEval_RestoreThread>). With glibc that unwinds the thread's stack, and the first Rust
//! frame that has something to clean up aborts the whole process. Nearly every call of the interpreter may take the GIL: dropping an
//! object may run a finaliser, creating one may start a garbage collection. So no call is guarded, but all frames at once: before the
//! unwinder touches a Rust frame, it calls the personality routine of Rust, and this one parks the thread, as 3.14 does. The process
//! then ends without it.
//!
//! musl, macOS and Windows end a thread without unwinding it.

pub use imp::park_instead_of_unwinding;

#[cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod imp {
    #![expect(unsafe_code, reason = "Rust has no stable way to replace its personality routine")]

    use std::ffi::{c_int, c_void};
    use std::mem;
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering};
    use std::thread;

    /// The personality routine of the Itanium C++ ABI (<https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html#base-personality>).
    type Personality = unsafe extern "C-unwind" fn(c_int, c_int, u64, *mut c_void, *mut c_void) -> c_int;

    /// The flag `_UA_FORCE_UNWIND`: the thread is ending, and no panic or C++ exception is being raised.
    const FORCED: c_int = 8;

    unsafe extern "C" {
        /// The address of the personality routine. The unwind tables of all Rust frames of this library refer to this word, which is
        /// private to the library, and writable since the loader relocates it.
        #[link_name = "DW.ref.rust_eh_personality"]
        static PERSONALITY: AtomicPtr<c_void>;
    }

    static ORIGINAL: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

    /// Parks threads that would unwind a Rust frame because they end. Call it when the module is initialised.
    pub fn park_instead_of_unwinding() {
        // SAFETY: the linker defines the word in every library that contains a Rust frame with something to clean up.
        let current = unsafe { &PERSONALITY };
        if ORIGINAL.load(Ordering::Acquire).is_null() {
            ORIGINAL.store(current.load(Ordering::Relaxed), Ordering::Release);
            current.store(personality as *mut c_void, Ordering::Release);
        }
    }

    unsafe extern "C-unwind" fn personality(
        version: c_int,
        actions: c_int,
        class: u64,
        exception: *mut c_void,
        context: *mut c_void,
    ) -> c_int {
        if actions & FORCED != 0 {
            loop {
                thread::park();
            }
        }
        // SAFETY: this function is called only after ORIGINAL is set to the routine that it replaces, and passes its arguments on.
        unsafe {
            let original = mem::transmute::<*mut c_void, Personality>(ORIGINAL.load(Ordering::Acquire));
            original(version, actions, class, exception, context)
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod imp {
    /// Does nothing.
    pub fn park_instead_of_unwinding() {}
}
