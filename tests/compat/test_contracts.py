"""Value checks, and the switch that turns them off."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import pytest

from snowplow_tracker import PageView, Subject, contracts, disable_contracts, enable_contracts
from snowplow_tracker.typing import FORM_TYPES

ELEMENT = {"name": "n", "value": "v", "nodeName": "INPUT"}


class Markup(str):
    """Text as template libraries make it."""

    __slots__ = ()


class Colour(str, Enum):
    RED = "red"


ACCEPTED: list[tuple[str, tuple[Any, ...]]] = [
    ("non_empty", ([0],)),
    ("non_empty", ("text",)),
    ("non_empty_string", ("x",)),
    ("non_empty_string", (Markup("x"),)),
    ("non_empty_string", (Colour.RED,)),
    ("one_of", (Colour.RED, {"red"})),
    ("one_of", (1, [1, 2])),
    ("greater_than", (0.5, 0)),
    ("satisfies", (4, lambda value: value == 4)),
    ("form_element", (ELEMENT,)),
    ("form_element", (ELEMENT | {"value": None, "extra": 1},)),
    ("form_element", (ELEMENT | {"nodeName": "SELECT", "type": "Text"},)),
]
REFUSED: list[tuple[str, tuple[Any, ...], str]] = [
    ("non_empty", ([],), "is empty."),
    ("non_empty", (None,), "is empty."),
    ("non_empty", (5,), "is empty."),
    ("non_empty_string", ("",), "is empty."),
    ("non_empty_string", (Markup(""),), "is empty."),
    ("non_empty_string", (None,), "is empty."),
    ("non_empty_string", (5,), "is empty."),
    ("non_empty_string", (b"x",), "is empty."),
    ("one_of", ("c", {"a", "b"}), "is not supported."),
    ("one_of", (None, {"a", "b"}), "is not supported."),
    ("one_of", ([], {"a", "b"}), "is not supported."),
    ("greater_than", (0, 0), "must be greater than 0."),
    ("greater_than", (None, 0), "must be greater than 0."),
    ("greater_than", ("1", 0), "must be greater than 0."),
    ("greater_than", (float("nan"), 0), "must be greater than 0."),
    ("satisfies", (5, lambda value: value == 4), "is not allowed."),
    ("form_element", (None,), "is not allowed."),
    ("form_element", ("name value nodeName",), "is not allowed."),
    ("form_element", ({"name": "n", "value": "v"},), "is not allowed."),
    ("form_element", (ELEMENT | {"nodeName": "DIV"},), "is not allowed."),
    ("form_element", (ELEMENT | {"nodeName": []},), "is not allowed."),
    ("form_element", (ELEMENT | {"type": "zip"},), "is not allowed."),
    ("form_element", (ELEMENT | {"type": None},), "is not allowed."),
]


@pytest.fixture
def unchecked():
    disable_contracts()
    yield
    enable_contracts()


@pytest.mark.parametrize(("check", "arguments"), ACCEPTED)
def test_accepts(check, arguments):
    assert getattr(contracts, check)(*arguments) is None


@pytest.mark.parametrize(("check", "arguments", "complaint"), REFUSED)
def test_refuses(check, arguments, complaint):
    with pytest.raises(ValueError, match=f"^value {re.escape(complaint)}$"):
        getattr(contracts, check)(*arguments)
    with pytest.raises(ValueError, match=f"^colour {re.escape(complaint)}$"):
        getattr(contracts, check)(*arguments, name="colour")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("check", "arguments", "complaint"), REFUSED)
def test_refuses_nothing_when_disabled(check, arguments, complaint):  # noqa: ARG001
    assert getattr(contracts, check)(*arguments) is None


@pytest.mark.parametrize("form_type", sorted(FORM_TYPES))
def test_every_type_of_form_field_is_known(form_type):
    contracts.form_element(ELEMENT | {"type": form_type})


def test_the_switch_is_on_by_default_and_holds_for_all(unchecked):  # noqa: ARG001
    assert not contracts.contracts_enabled()
    assert PageView("").page_url is None
    assert Subject().set_viewport(0, 0).standard_nv_pairs["vp"] == "0x0"
    enable_contracts()
    assert contracts.contracts_enabled()
    with pytest.raises(ValueError, match=r"^page_url is empty\.$"):
        PageView("")
