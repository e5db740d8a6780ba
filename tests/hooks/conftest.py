"""A collector for the tests of what a program adds to a tracker."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import Inbox, ScriptedServer, with_json_read

from snowplow_tracker import Emitter, SelfDescribingJson, Tracker
from snowplow_tracker._hooks import plugins
from snowplow_tracker._logging import RateLimitedLogger

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().serving() as running:
        yield running


class Sink:
    """The events of a tracker: as records of a real emitter, or as dicts of a custom one."""

    def __init__(self, kind: str) -> None:
        self.inbox = Inbox()
        self.emitter: Any = self.inbox
        if kind == "record":
            self.emitter = Emitter("http://127.0.0.1:9", batch_size=1)
            self.emitter.http_post = self._keep

    def _keep(self, body: str | bytes) -> int:
        for event in json.loads(body)["data"]:
            event.pop("stm")
            self.inbox.events.append(event)
        return 200

    @property
    def events(self) -> list[dict[str, Any]]:
        return [with_json_read(event, "entities") for event in self.inbox.events]

    def last(self) -> dict[str, Any]:
        return self.events[-1]

    def entities(self) -> list[str]:
        """Return the names of the entities of the last event."""
        return [entity["schema"].split("/")[1] for entity in self.last().get("entities", [])]


@pytest.fixture(params=["record", "dict"])
def sink(request: pytest.FixtureRequest) -> Sink:
    return Sink(request.param)


@pytest.fixture(params=["native", "own"])
def tracker(request: pytest.FixtureRequest, sink: Sink) -> Tracker:
    """A tracker whose payloads are completed natively, or by the program."""
    return (Tracker if request.param == "native" else OwnTracker)("ns", sink.emitter)


class OwnTracker(Tracker):
    """Completes payloads as a program of 1.x does."""

    def complete_payload(self, *args: Any, **options: Any) -> Any:
        payload = super().complete_payload(*args, **options)
        if hasattr(payload, "nv_pairs"):
            payload.add("res", "own")
        return payload


def entity(name: str, **data: Any) -> SelfDescribingJson:
    return SelfDescribingJson(f"iglu:com.acme/{name}/jsonschema/1-0-0", data)


@pytest.fixture(autouse=True)
def fresh_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each test log again: a message comes at most once a minute."""
    logger = RateLimitedLogger(logging.getLogger("snowplow_tracker.tracker"))
    monkeypatch.setattr(plugins, "_log", logger)
