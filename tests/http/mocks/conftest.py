"""A program under test, which may not reach the network."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    StructuredEvent,
    Tracker,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINT = "collector.example"
NEVER = 1000  # seconds: the next attempt does not come within a test


class Program:
    """A program that tracks one structured event for each label, and what it is called back with.

    Nothing that it does may leave the process.
    """

    post_url = f"https://{ENDPOINT}/com.snowplowanalytics.snowplow/tp2"
    get_url = f"https://{ENDPOINT}/i"

    def __init__(self, kind: type[Emitter], method: str) -> None:
        self.method = method
        self.sent: list[str] = []
        self.failed: list[str] = []
        settings: dict[str, Any] = {"method": method, "max_retry_delay_seconds": NEVER}
        self.emitter = kind(
            ENDPOINT,
            "https",
            on_success=lambda events: self.sent.extend(map(_label, events)),
            on_failure=lambda _, events: self.failed.extend(map(_label, events)),
            batch_size=2,
            **settings,
        )

    @property
    def url(self) -> str:
        return self.post_url if self.method == "post" else self.get_url

    def track(self, *labels: str) -> list[Any]:
        tracker = Tracker("ns", self.emitter)
        ids = [tracker.track(StructuredEvent("shop", "add", label)) for label in labels]
        tracker.flush()
        return ids


def _label(event: dict[str, str]) -> str:
    return event["se_la"]


@pytest.fixture(params=[Emitter, AsyncEmitter])
def kind(request: pytest.FixtureRequest) -> type[Emitter]:
    chosen: type[Emitter] = request.param
    return chosen


@pytest.fixture(params=["post", "get"])
def method(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def program(kind: type[Emitter], method: str) -> Program:
    return Program(kind, method)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test that looks up a collector's name, even where the attempt is caught."""
    attempts: list[str] = []
    look_up = socket.getaddrinfo

    def watched(host: Any, *arguments: Any, **named: Any) -> Any:
        if not str(host).endswith(".example"):
            return look_up(host, *arguments, **named)
        attempts.append(host)
        raise OSError("a test wanted to leave the process")

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    yield
    assert attempts == []
