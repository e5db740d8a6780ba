//! What the user makes: events and self-describing JSON. Plain data, subclassable from Python.

mod classes;
mod constructors;
mod event;
mod kind;
mod self_describing_json;

use pyo3::prelude::*;

pub use classes::{PagePing, PageView, ScreenView, SelfDescribing, StructuredEvent};
pub use event::{Event, Snapshot};
pub use kind::Shape;
pub use self_describing_json::{SelfDescribingJson, write as write_self_describing};

/// Lets every class show its constructor's parameters. Called once, when the module is made.
pub fn show_signatures(py: Python<'_>) -> PyResult<()> {
    let classes = [
        py.get_type::<Event>(),
        py.get_type::<PageView>(),
        py.get_type::<PagePing>(),
        py.get_type::<StructuredEvent>(),
        py.get_type::<SelfDescribing>(),
        py.get_type::<ScreenView>(),
        py.get_type::<SelfDescribingJson>(),
    ];
    classes.iter().try_for_each(constructors::show_signature)
}
