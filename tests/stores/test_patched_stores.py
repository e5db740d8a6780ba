"""Patched methods of this package's own stores are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from snowplow_tracker import Emitter, InMemoryEventStore, SQLiteEventStore, Tracker, logger

if TYPE_CHECKING:
    from pathlib import Path

METHODS = ["add_event", "get_events_batch", "cleanup", "size"]


@pytest.fixture(params=[InMemoryEventStore, SQLiteEventStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    is_in_memory = request.param is InMemoryEventStore
    return request.param(logger if is_in_memory else tmp_path / "events.db")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("owner", ["class", "instance"])
def test_a_patched_method_is_called(server, track, store, method, owner):
    target = type(store) if owner == "class" else store
    original = getattr(target, method)
    with mock.patch.object(target, method, autospec=True, side_effect=original) as patched:
        tracker = Tracker("ns", Emitter(server.url, event_store=store, batch_size=2))
        track(tracker, "a", "b")
    assert patched.called
    calls = patched.call_count
    track(tracker, "c", "d")
    assert patched.call_count == calls
    assert server.labels() == list("abcd")


@pytest.mark.parametrize("method", METHODS)
def test_it_may_be_patched_while_it_holds_events(server, track, store, method):
    tracker = Tracker("ns", Emitter(server.url, batch_size=3, event_store=store))
    track(tracker, "a")
    with mock.patch.object(store, method, side_effect=getattr(store, method)) as patched:
        track(tracker, "b", "c")
    assert patched.called
    assert server.labels() == ["a", "b", "c"]
