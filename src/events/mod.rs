//! What the user makes: events and self-describing JSON. Plain data, subclassable from Python.

mod classes;
mod constructors;
#[cfg(not(feature = "abi3"))]
mod direct_call;
mod event;
mod kind;
mod self_describing_json;
mod state;

use pyo3::prelude::*;
#[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
use pyo3::types::PyType;

pub use classes::{PagePing, PageView, ScreenView, SelfDescribing, StructuredEvent};
pub use event::Event;
pub use kind::Shape;
pub use self_describing_json::{SelfDescribingJson, write as write_self_describing};
pub use state::{Snapshot, bound};

/// Lets every class show its constructor's parameters, and be called the short way. Called once, when the module is made.
pub fn prepare_classes(py: Python<'_>) -> PyResult<()> {
    let classes = [
        py.get_type::<Event>(),
        py.get_type::<PageView>(),
        py.get_type::<PagePing>(),
        py.get_type::<StructuredEvent>(),
        py.get_type::<SelfDescribing>(),
        py.get_type::<ScreenView>(),
        py.get_type::<SelfDescribingJson>(),
    ];
    classes.iter().try_for_each(constructors::show_signature)?;
    #[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
    classes.iter().for_each(immortalize);
    #[cfg(not(feature = "abi3"))]
    {
        enable_direct_call::<_, PageView>(py, &kind::PAGE_VIEW);
        enable_direct_call::<_, PagePing>(py, &kind::PAGE_PING);
        enable_direct_call::<_, StructuredEvent>(py, &kind::STRUCTURED);
        enable_direct_call::<_, SelfDescribing>(py, &kind::SELF_DESCRIBING);
        enable_direct_call::<_, ScreenView>(py, &kind::SCREEN_VIEW);
        direct_call::enable::<_, SelfDescribingJson>(py, self_describing_json::PARAMETERS, 2);
    }
    Ok(())
}

#[cfg(not(feature = "abi3"))]
fn enable_direct_call<const N: usize, T: direct_call::DirectCall<N>>(py: Python<'_>, kind: &kind::Kind) {
    let mut names = kind.fields.iter().map(|field| field.name).chain(event::COMMON_PARAMETERS);
    let parameters = std::array::from_fn(|_| names.next().unwrap_or_default());
    direct_call::enable::<N, T>(py, parameters, kind.required());
}

/// Frees threads from counting references to a class, which is never freed: each event that one of them makes counts one, and the
/// counter goes from processor to processor.
#[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
#[expect(unsafe_code, reason = "two threads, a tracker each, track hardly more than one does while they count")]
fn immortalize(class: &Bound<'_, PyType>) {
    unsafe extern "C" {
        /// `Py_SET_REFCNT` as a function, which `PyO3` does not declare.
        fn _Py_SetRefcnt(object: *mut pyo3::ffi::PyObject, count: isize);
    }
    // SAFETY: the class is a live object, known to this thread alone while the module is made. In CPython 3.13 and later, builds without
    // the GIL take a count beyond 32 bits for immortality (`Py_SET_REFCNT` in Include/refcount.h).
    unsafe { _Py_SetRefcnt(class.as_ptr(), 1 << 32) };
}
