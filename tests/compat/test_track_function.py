"""`Tracker.track` is a Python function for whoever looks at it; usual calls are native."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import types
from typing import Any

import pytest

from snowplow_tracker import Emitter, PageView, Tracker


@pytest.fixture
def tracker() -> Tracker:
    return Tracker("ns", Emitter("127.0.0.1:9", batch_size=100, exit_timeout=0))


def test_it_is_a_function():
    assert isinstance(Tracker.track, types.FunctionType)
    assert inspect.isfunction(Tracker.track)
    assert functools.wraps(Tracker.track)(lambda: None).__name__ == "track"


def test_it_is_pickled_and_copied_as_a_function():
    assert pickle.loads(pickle.dumps(Tracker.track)) is Tracker.track
    assert copy.copy(Tracker.track) is copy.deepcopy(Tracker.track) is Tracker.track


def test_each_form_of_call_tracks(tracker):
    calls: Any = [
        tracker.track(PageView("u")),
        tracker.track(event=PageView("u")),
        Tracker.track(tracker, PageView("u")),
        tracker.track(None, pb=PageView("u")),
    ]
    assert len(set(calls)) == 4
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'event'"):
        tracker.track()


def test_its_code_may_be_replaced(tracker):
    function: Any = Tracker.track
    original = function.__code__

    def replacement(_self: object, _event: object = None, *, pb: object = None) -> object:
        return pb or "replaced"

    function.__code__ = replacement.__code__
    try:
        assert tracker.track(PageView("u")) == "replaced"
    finally:
        function.__code__ = original
    assert tracker.track(PageView("u")) != "replaced"
