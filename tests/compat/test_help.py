"""Notebooks and `help` show parameters and documentation of every public class."""

from __future__ import annotations

import inspect
import pydoc
from unittest.mock import create_autospec

import pytest

import snowplow_tracker
from snowplow_tracker import (
    Emitter,
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
)

CLASSES = [
    each
    for each in (getattr(snowplow_tracker, name) for name in snowplow_tracker.__all__)
    if inspect.isclass(each) and each.__name__ != "EventStore"
]


class OwnConstructor(Tracker):
    """A subclass with another constructor."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Emitter("127.0.0.1"))


def test_a_tracker_shows_its_parameters():
    parameters = ["namespace", "emitters", "subject", "app_id", "encode_base64", "json_encoder"]
    parameters += ["use_scope", "before_send"]
    assert list(inspect.signature(Tracker).parameters) == parameters
    assert list(inspect.signature(type("Plain", (Tracker,), {})).parameters) == parameters
    assert list(inspect.signature(OwnConstructor).parameters) == ["name"]


def test_a_mock_of_the_class_takes_its_parameters():
    mock = create_autospec(Tracker)
    emitter = Emitter("127.0.0.1")
    mock("ns", [emitter], app_id="a")
    mock(emitter)
    mock(emitters=emitter, namespace="ns", subject=None)
    with pytest.raises(TypeError):
        mock("ns", emitter, nothing=1)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_class_shows_each_parameter_by_name(cls):
    kinds = {parameter.kind for parameter in inspect.signature(cls).parameters.values()}
    assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    assert inspect.getdoc(cls)


NATIVE = [
    PageView,
    PagePing,
    StructuredEvent,
    SelfDescribing,
    ScreenView,
    Event,
    SelfDescribingJson,
]


@pytest.mark.parametrize("cls", NATIVE, ids=lambda cls: cls.__name__)
def test_a_native_class_describes_each_parameter(cls):
    described = inspect.getdoc(cls) or ""
    for name in inspect.signature(cls).parameters:
        assert f"    {name}: " in described
    assert "The class describes the parameters." in (cls.__init__.__doc__ or "")
    shown = pydoc.render_doc(cls, renderer=pydoc.plaintext)  # type: ignore[attr-defined]
    without_blanks = "".join(shown.replace("|", "").split())  # 3.13 has a line for each parameter
    first = next(iter(inspect.signature(cls).parameters))
    assert f"{cls.__name__}({first}" in without_blanks
    assert "__construct__" not in shown
