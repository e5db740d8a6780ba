//! Everything that depends on the structures of CPython, or differs under the limited API (`abi3`).

pub mod call;
pub mod deep_drop;
pub mod dict_version;
pub mod entries;
#[cfg(not(feature = "abi3"))]
pub mod extern_python;
pub mod instance;
pub mod items;
pub mod lookup;
pub mod roomy_dict;
pub mod stack_room;
pub mod str;
pub mod thread_exit;
