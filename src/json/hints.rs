//! What to do about an object that JSON does not support, by its type.

use pyo3::prelude::*;
use pyo3::types::PyType;

use super::rules::{Rule, find_by_class, rule_of};

const BYTES: &str = "make text of it, with base64.b64encode(value).decode() or value.hex()";
const CLASS: &str = "it is a class: pass an instance, or its __name__";
const CALL: &str = "call it, and pass its result";
const ITERATE: &str = "make a list of it";
const ENCODER: &str = "give the tracker a json_encoder for it";

/// The hints, by a class's top-level package and name.
const HINTS: [(&str, &str, &str); 14] = [
    ("builtins", "function", CALL),
    ("builtins", "method", CALL),
    ("builtins", "builtin_function_or_method", CALL),
    ("builtins", "coroutine", "await it, and pass its result"),
    ("builtins", "generator", ITERATE),
    ("builtins", "map", ITERATE),
    ("builtins", "filter", ITERATE),
    ("builtins", "zip", ITERATE),
    ("builtins", "enumerate", ITERATE),
    ("pandas", "DataFrame", "use its to_dict(\"records\")"),
    ("pandas", "Series", "use its to_list() or to_dict()"),
    ("pandas", "Index", "use its to_list()"),
    ("pandas", "ExtensionArray", "use its tolist()"),
    ("snowplow_tracker", "SelfDescribingJson", "use its to_json(), or pass it as a context"),
];

/// Returns a hint for an object that JSON does not support.
pub(super) fn hint_for(object: &Bound<'_, PyAny>) -> &'static str {
    if object.is_instance_of::<PyType>() {
        return CLASS;
    }
    if matches!(rule_of(object), Ok(Some(Rule::Bytes))) {
        return BYTES;
    }
    find_by_class(object, &HINTS).ok().flatten().unwrap_or(ENCODER)
}
