"""`copy.copy` of an emitter works as in 1.1.0: the copy sends, and both share the event store."""

from __future__ import annotations

import copy

import pytest
from tests.support import ScriptedServer

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker


class WithAttribute(Emitter):
    """A subclass with an attribute of its own."""

    own: list[str]


@pytest.fixture
def server():
    with ScriptedServer().serving() as running:
        yield running


def track(emitter: Emitter, *labels: str) -> None:
    tracker = Tracker("ns", emitter)
    for label in labels:
        tracker.track(StructuredEvent("shop", "add", label))


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_the_copy_sends(server, kind):
    emitter = kind(server.url, batch_size=2)
    copied = copy.copy(emitter)
    track(copied, "a", "b")
    copied.sync_flush()
    assert server.labels() == ["a", "b"]
    track(emitter, "c")
    emitter.close()
    assert server.labels() == ["a", "b", "c"]


def test_both_share_the_event_store(server):
    emitter = Emitter(server.url)
    copied = copy.copy(emitter)
    assert copied.event_store is emitter.event_store
    track(emitter, "a")
    copied.flush()
    assert server.labels() == ["a"]


def test_each_has_its_own_attributes_and_hooks(server):
    emitter = WithAttribute(server.url, batch_size=1)
    emitter.own = ["kept"]
    copied = copy.copy(emitter)
    accepted: list[list[dict[str, str]]] = []
    copied.on_success = accepted.append
    copied.batch_size = 2
    track(copied, "a", "b")
    track(emitter, "c")
    assert (type(copied), copied.own) == (WithAttribute, ["kept"])
    assert [[event["se_la"] for event in events] for events in accepted] == [["a", "b"]]
    assert emitter.on_success is None
    assert server.labels() == ["a", "b", "c"]
