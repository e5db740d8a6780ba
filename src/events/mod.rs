//! What the user makes: events and self-describing JSON. Plain data, subclassable from Python.

mod classes;
mod event;
mod kind;
mod self_describing_json;

pub use classes::{PagePing, PageView, ScreenView, SelfDescribing, StructuredEvent};
pub use event::{Event, Snapshot};
pub use kind::Shape;
pub use self_describing_json::{SelfDescribingJson, write as write_self_describing};
