"""The names that programs can use: the package under test, values, and receivers of events.

Needs nothing beyond the standard library and a package called `snowplow_tracker`.
"""

from __future__ import annotations

from typing import Any

from qa.differential import palette
from qa.differential.collector import Collector
from qa.differential.programs import Heard

import snowplow_tracker
from snowplow_tracker.payload import Payload

# `dir`, for it names what a package imports when it is used, too.
_NAMES = [name for name in dir(snowplow_tracker) if name[0].isalpha()]
_OF_PACKAGE = {name: value for name in _NAMES if callable(value := getattr(snowplow_tracker, name))}
_OF_PACKAGE["Payload"] = Payload

__all__ = [  # noqa: PLE0604 - names all of them
    *palette.__all__,
    *_OF_PACKAGE,
    "HOST",
    "PORT",
    "collector",
    "heard",
    "inbox",
    "on_failure",
    "on_success",
]

collector = Collector()
HOST, PORT = collector.server_address[0], collector.port
globals().update({name: getattr(palette, name) for name in palette.__all__})
globals().update(_OF_PACKAGE)


class Inbox:
    """The least that a tracker takes as an emitter."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []

    def input(self, payload: dict[str, Any]) -> None:
        self._events.append(dict(payload))

    def take(self) -> list[Any]:
        """Return what came since the last call, described."""
        taken, self._events = self._events, []
        return [describe(event) for event in taken]


class Callbacks:
    """Keeps what callbacks are told."""

    def __init__(self) -> None:
        self._heard: list[Heard] = []

    def on_success(self, events: list[Any]) -> None:
        self._heard.append(Heard("on_success", None, [describe(event) for event in events]))

    def on_failure(self, sent: int, events: list[Any]) -> None:
        self._heard.append(Heard("on_failure", sent, [describe(event) for event in events]))

    def take(self) -> list[Heard]:
        """Return what was heard since the last call."""
        taken, self._heard = self._heard, []
        return taken


def describe(value: Any) -> Any:
    """Return a value as type names and texts: what another process can compare."""
    kind = type(value).__name__
    if type(value).__module__.startswith("snowplow_tracker"):
        return kind, ""
    if isinstance(value, dict):
        return kind, [(describe(key), describe(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return kind, [describe(item) for item in value]
    if isinstance(value, str):
        return kind, str.__str__(value)
    for number in (int, float):
        if isinstance(value, number) and not isinstance(value, bool):
            return kind, number.__repr__(value)
    return kind, repr(value)


inbox = Inbox()
heard = Callbacks()
on_success, on_failure = heard.on_success, heard.on_failure
