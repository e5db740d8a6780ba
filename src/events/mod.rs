//! The classes that programs construct: events and self-describing JSON. They contain data only, and may be subclassed.

mod allocation;
mod classes;
mod event;
mod given_id;
mod kinds;
#[cfg(not(feature = "abi3"))]
mod native_class;
mod pickling;
mod self_describing_json;
mod signature;
mod state;
pub mod usual;
#[cfg(not(feature = "abi3"))]
mod vectorcall;

use pyo3::prelude::*;
#[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
use pyo3::types::PyType;

pub use classes::{PagePing, PageView, ScreenView, SelfDescribing, StructuredEvent};
pub use event::Event;
pub use kinds::Shape;
pub use self_describing_json::{SelfDescribingJson, write as write_self_describing};
pub use state::Snapshot;

#[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
use crate::cpython::extern_python::extern_python;
use crate::overrides::{NativeClasses, set_native_classes};

/// Gives every class its signature and its fast path, and registers it in `overrides`. Called once, when the module is initialised.
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
    classes.iter().try_for_each(signature::install_signature)?;
    let [event, kinds @ .., self_describing_json] = &classes;
    let kinds = kinds.iter().map(|class| class.clone().unbind()).collect();
    let (event, self_describing_json) = (event.clone().unbind(), self_describing_json.clone().unbind());
    set_native_classes(py, NativeClasses { event, self_describing_json, kinds });
    #[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
    classes.iter().for_each(immortalize);
    #[cfg(not(feature = "abi3"))]
    {
        enable_vectorcall::<_, PageView>(py, &kinds::PAGE_VIEW)?;
        enable_vectorcall::<_, PagePing>(py, &kinds::PAGE_PING)?;
        enable_vectorcall::<_, StructuredEvent>(py, &kinds::STRUCTURED)?;
        enable_vectorcall::<_, SelfDescribing>(py, &kinds::SELF_DESCRIBING)?;
        enable_vectorcall::<_, ScreenView>(py, &kinds::SCREEN_VIEW)?;
        vectorcall::enable::<_, SelfDescribingJson>(py, self_describing_json::PARAMETERS, 2)?;
    }
    Ok(())
}

#[cfg(not(feature = "abi3"))]
fn enable_vectorcall<const N: usize, T: native_class::Vectorcall<N, Base = Event>>(
    py: Python<'_>,
    kind: &'static kinds::Kind,
) -> PyResult<()> {
    let mut names = kind.fields.iter().map(|field| field.name).chain(event::COMMON_PARAMETERS);
    let parameters = std::array::from_fn(|_| names.next().unwrap_or_default());
    vectorcall::enable::<N, T>(py, parameters, kind.required())
}

/// Makes a class immortal. Each new event would count one reference to its class, and threads would contend for that counter.
#[cfg(all(Py_GIL_DISABLED, target_pointer_width = "64"))]
#[expect(unsafe_code, reason = "without this, two threads with a tracker each track hardly more than one")]
fn immortalize(class: &Bound<'_, PyType>) {
    extern_python! {
        /// `Py_SET_REFCNT` as a function. PyO3 does not declare it.
        fn _Py_SetRefcnt(object: *mut pyo3::ffi::PyObject, count: isize);
    }
    // SAFETY: the class is a live object, which only this thread knows before the module is initialised. In builds of CPython 3.13 and
    // later without the GIL, a count above 32 bits means immortal (`Py_SET_REFCNT` in Include/refcount.h).
    unsafe { _Py_SetRefcnt(class.as_ptr(), 1 << 32) };
}
