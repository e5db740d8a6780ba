//! Memory of instances of the native classes: straight from `tp_alloc`, and used again. Their contents are written in place.
//!
//! PyO3 creates an instance by `object.__new__`, which in CPython 3.11 and 3.12 also creates an empty `__dict__`, and frees it by a
//! trampoline. Both are right for subclasses, and for instances that have attributes or weak references.
#![cfg(not(any(feature = "abi3", Py_GIL_DISABLED)))]
#![expect(
    unsafe_code,
    reason = "creating and freeing the four objects of an event takes a seventh of construct + track"
)]

use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;

use super::native_class::{Arguments, CallSignature, FreeList, Vectorcall};
use crate::cpython::extern_python::extern_python;

extern_python! {
    /// Makes an object whose memory is used again a new one. PyO3 does not declare it.
    fn _Py_NewReference(object: *mut ffi::PyObject);
}

/// Where PyO3 puts the contents of an instance: behind the header. Pointers to the `__dict__` and to the weak references follow.
const CONTENTS: usize = size_of::<ffi::PyObject>();

/// Returns true if the instances of a class look as it is assumed here: nothing but the contents of `Base` and these two pointers.
pub fn has_known_layout<Base>(
    class: *mut ffi::PyTypeObject,
    contents: *const Base,
    instance: *mut ffi::PyObject,
) -> bool {
    let pointer = size_of::<*mut ffi::PyObject>();
    let slots = [CONTENTS + size_of::<Base>(), CONTENTS + size_of::<Base>() + pointer].map(usize::cast_signed);
    // SAFETY: the pointer is a live class.
    let (size, dict, references) =
        unsafe { ((*class).tp_basicsize, (*class).tp_dictoffset, (*class).tp_weaklistoffset) };
    contents.addr() == instance.addr() + CONTENTS
        && slots == [dict, references]
        && size == slots[1] + pointer.cast_signed()
}

/// Allocates an object of a class that has a known layout, unless there is a free one. That may start a garbage collection, whose finalisers
/// are Python code.
#[inline]
pub fn allocate<const N: usize, T: Vectorcall<N>>(py: Python<'_>, signature: &CallSignature) -> PyResult<()> {
    if !signature.free.with(py, |free| free.is_empty()) {
        return Ok(());
    }
    // SAFETY: the object is new, so nobody else knows it. It is no longer tracked, so the collector does not look at it before it has
    // contents.
    unsafe {
        let object = ffi::PyType_GenericAlloc(T::type_object_raw(py), 0);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        ffi::PyObject_GC_UnTrack(object.cast());
        keep::<N, T>(py, signature, object);
    }
    Ok(())
}

/// Keeps the memory of an object that nobody refers to, or frees it if there is enough.
///
/// # Safety
///
/// The object must be an instance of the class, and neither tracked by the garbage collector nor have contents.
unsafe fn keep<const N: usize, T: Vectorcall<N>>(
    py: Python<'_>,
    signature: &CallSignature,
    object: *mut ffi::PyObject,
) {
    // SAFETY: see the requirements above. A free object does not count as a reference to its class.
    unsafe {
        if !signature.free.with(py, |free| free.push(object)) {
            ffi::PyObject_GC_Del(object.cast());
        }
        ffi::Py_DECREF(T::type_object_raw(py).cast());
    }
}

/// Creates an instance from a free object, or returns `None` if there is none. Runs no Python code.
#[inline(always)]
pub fn create<'py, const N: usize, T: Vectorcall<N>>(
    py: Python<'py>,
    signature: &CallSignature,
    arguments: &Arguments<'_, 'py, N>,
) -> Option<PyResult<Bound<'py, PyAny>>> {
    let object = signature.free.with(py, FreeList::pop)?;
    // SAFETY: nobody else knows the object. It has room for the contents, and the pointers after them are null: `tp_alloc` clears the
    // memory, and `dealloc` keeps only objects without them. The collector cannot look at it before it is complete.
    unsafe {
        let contents = object.byte_add(CONTENTS).cast::<T::Base>();
        contents.write(T::unset());
        ffi::Py_INCREF(T::type_object_raw(py).cast());
        if let Err(error) = T::set(&mut *contents, arguments) {
            ptr::drop_in_place(contents);
            keep::<N, T>(py, signature, object);
            return Some(Err(error.into()));
        }
        _Py_NewReference(object);
        ffi::PyObject_GC_Track(object.cast());
        Some(Ok(Bound::from_owned_ptr(py, object)))
    }
}

/// The slot `tp_dealloc` of a class that has a known layout.
pub unsafe extern "C" fn dealloc<const N: usize, T: Vectorcall<N>>(object: *mut ffi::PyObject) {
    // SAFETY: CPython calls this with the thread attached, for an object of the class, or of a subclass, that nobody refers to any more.
    unsafe {
        let py = Python::assume_attached();
        let Some(signature) = T::call_signature().get(py) else { return };
        let contents = object.byte_add(CONTENTS).cast::<T::Base>();
        let added = contents.add(1).cast::<[*mut ffi::PyObject; 2]>().read_unaligned();
        let class = ffi::Py_TYPE(object);
        if class != T::type_object_raw(py) || added.iter().any(|pointer| !pointer.is_null()) {
            if let Some(dealloc) = signature.dealloc {
                dealloc(object);
            }
            return;
        }
        ffi::PyObject_GC_UnTrack(object.cast());
        ptr::drop_in_place(contents);
        keep::<N, T>(py, signature, object);
    }
}
