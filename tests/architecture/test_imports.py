"""The structure of the code: imports go one way, among files and among folders."""

from __future__ import annotations

import pytest
from tests.architecture.graphs import Import, circle, listed, merged
from tests.architecture.python_imports import imports_of, python_imports
from tests.architecture.rust_imports import Crate, rust_imports

# From the lowest to the highest. Other modules are free, as long as there is no circle.
LAYERS = [{"_lifecycle", "_stores"}, {"_http"}, {"_delivery"}, {"emitters"}]
TOP = {"", "tracker", "snowplow", "redis", "celery", "collector", "web"}


def _folder(module: str) -> str:
    return module.replace("::", ".").partition(".")[0]


def _above(folder: str) -> set[str]:
    [layer] = [number for number, layer in enumerate(LAYERS) if folder in layer]
    return TOP.union(*LAYERS[layer + 1 :])


def test_no_python_module_imports_itself_through_others():
    assert len(python_imports()) > 100
    assert circle(python_imports()) == ""


def test_no_python_folder_imports_itself_through_others():
    assert circle(merged(python_imports(), _folder)) == ""


def test_nothing_inside_the_package_imports_its_public_face():
    assert listed(one for one in python_imports() if one.imported == "") == ""


@pytest.mark.parametrize("folder", ["_lifecycle", "_stores", "_http", "_delivery"])
def test_a_folder_imports_nothing_above_it(folder):
    imports = [one for one in python_imports() if _folder(one.importer) == folder]
    assert imports
    assert listed(one for one in imports if _folder(one.imported) in _above(folder)) == ""


def test_no_rust_module_uses_itself_through_others():
    assert len(rust_imports()) > 50
    assert circle(rust_imports()) == ""


def test_no_rust_folder_uses_itself_through_others():
    assert circle(merged(rust_imports(), _folder)) == ""


def test_a_circle_is_found():
    straight = {Import("a", "b"), Import("b", "c"), Import("a", "d"), Import("c", "c")}
    assert circle(straight) == ""
    found = circle(straight - {Import("a", "c")} | {Import("c", "a", "types")})
    assert found in ("a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c")


PYTHON = """
import os, snowplow_tracker._a.b as b
from snowplow_tracker import _c
from .d import name
from .. import _c
if TYPE_CHECKING:
    from snowplow_tracker._a import b
else:
    from snowplow_tracker._a.d import *
def function():
    from snowplow_tracker._c import thing
"""


def test_the_imports_of_python_source_are_found():
    modules = {"", "_a", "_a.b", "_a.d", "_a.own", "_c"}
    assert set(imports_of("_a.own", PYTHON, "own.py", modules)) == {
        Import("_a.own", "_a.b"),
        Import("_a.own", ""),
        Import("_a.own", "_c"),
        Import("_a.own", "_a.d"),
        Import("_a.own", "_a", "types"),
        Import("_a.own", "_a.b", "types"),
        Import("_a.own", "_c", "lazy"),
    }


RUST = {
    (): "mod a; mod b; mod c; mod d;",
    ("a",): "mod x; mod y; pub use x::Made; pub fn f() {}",
    ("a", "x"): "use super::f; pub struct Made;",
    ("a", "y"): 'use super::super::b::{self, inner}; fn g() { b::h(); "crate::c::text"; }',
    ("b",): "use crate::{a::Made as Other, d}; // crate::c::comment\nuse std::fmt;",
    ("c",): "mod part { use super::k; use crate::d::n; }\nmod tests { use crate::b::h; }",
    ("d",): "impl crate::a::y::Trait for X {}",
}


def test_the_uses_of_rust_source_are_found():
    assert set(Crate(RUST).imports()) == {
        Import("a::x", "a"),
        Import("a::y", "b"),
        Import("b", "a::x"),
        Import("c", "d"),
        Import("d", "a::y"),
    }
