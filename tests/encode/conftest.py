"""Trackers on all paths: as a record to a real emitter, both as a tracker's first event and as one
of many, and as a dict to a custom one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import Inbox, with_json_read

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

if TYPE_CHECKING:
    from collections.abc import Callable


class Wire:
    """A real emitter whose request bodies are kept instead of sent."""

    def __init__(self, batch_size: int = 1) -> None:
        self.bodies: list[str] = []
        self.emitter = Emitter("127.0.0.1:9", batch_size=batch_size)
        self.emitter.http_post = self._keep  # type: ignore[method-assign]
        self._events: list[dict[str, Any]] = []
        self._read = 0

    def _keep(self, data: str | bytes) -> int:
        self.bodies.append(data.decode() if isinstance(data, bytes) else data)
        return 200

    @property
    def events(self) -> list[dict[str, Any]]:
        """What has been sent, without `stm`. No name may come twice in an event."""
        for body in self.bodies[self._read :]:
            read = json.loads(body, object_pairs_hook=_without_repetition)
            self._events += [
                {name: event[name] for name in event if name != "stm"} for event in read["data"]
            ]
        self._read = len(self.bodies)
        return self._events


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name comes twice: {names}"
    return dict(pairs)


@pytest.fixture(scope="session")
def decoded() -> Callable[[dict[str, Any]], dict[str, Any]]:
    return with_json_read


@pytest.fixture(scope="session")
def make_wire() -> type[Wire]:
    return Wire


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    """Track one event through a real emitter; return what it sends."""

    def track(event: Any, **options: Any) -> dict[str, Any]:
        wire = Wire()
        Tracker("ns", wire.emitter, **options).track(event)
        [sent] = wire.events
        return sent

    return track


@pytest.fixture
def later_record() -> Callable[..., dict[str, Any]]:
    """Track one event through a real emitter, after events of all kinds; return what it sends."""

    def track(event: Any, **options: Any) -> dict[str, Any]:
        wire = Wire()
        tracker = Tracker("ns", wire.emitter, **options)
        for _ in range(2):
            for earlier in _one_of_each_kind():
                tracker.track(earlier)
        before = len(wire.events)
        tracker.track(event)
        [sent] = wire.events[before:]
        return sent

    return track


def _one_of_each_kind() -> list[Event]:
    described = SelfDescribingJson("iglu:com.example/order/jsonschema/1-0-0", {"number": 1})
    return [
        PageView("https://example.com/", context=[described]),
        PagePing("https://example.com/"),
        StructuredEvent("category", "action"),
        SelfDescribing(described),
        ScreenView("11111111-2222-4333-8444-555555555555", "home"),
    ]


@pytest.fixture
def handed() -> Callable[..., dict[str, Any]]:
    """Track one event through a custom emitter; return what it is given."""

    def track(event: Any, **options: Any) -> dict[str, Any]:
        inbox: Any = Inbox()
        Tracker("ns", inbox, **options).track(event)
        [given] = inbox.events
        return dict(given)

    return track


@pytest.fixture(params=["record", "later_record", "handed"])
def fields(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Track one event, each way out in turn; return its fields, those with JSON decoded."""
    way = request.getfixturevalue(request.param)
    return lambda event, **options: with_json_read(way(event, **options))


@pytest.fixture(params=["record", "dict"])
def sink(request: pytest.FixtureRequest) -> Any:
    """A tracker's emitter, each way out in turn, with the `events` that came."""
    if request.param == "dict":
        return Inbox()
    wire = Wire()
    wire.input = wire.emitter.input  # type: ignore[attr-defined]
    return wire


@pytest.fixture
def tracker(sink: Any) -> Tracker:
    return Tracker("ns", getattr(sink, "emitter", sink))
