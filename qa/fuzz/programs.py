"""Generates programs that misuse a tracker, and runs them."""

from __future__ import annotations

import codecs
import contextlib
import gc
import logging
import sys
import time
import uuid
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest import mock

from qa.fuzz import hostile
from qa.fuzz.hostile import ACTIONS, EVENTS, HOSTILE, SCHEMA, Stage, record_emitter
from tests.support import Inbox

from snowplow_tracker import (
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Subject,
    Tracker,
    _native,
)
from snowplow_tracker.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

    # One of so many options, by its index.
    Choose = Callable[[int], int]

_SCALARS: list[Any] = [
    *(None, True, 0, -1, 2**63, 2**70, 10**5000, 1.5, float("nan"), float("inf")),
    *("", "text", "\ud800", "\ud83d", 'e"s\\c\n', "é" * 20, "😀", "x" * 300),
    *(Decimal("1.5"), datetime(2026, 1, 1, tzinfo=timezone.utc), b"bytes", object(), (1, 2)),
]
_EXPECTED = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_KEYS = ["a", "b", "\ud800", "key" * 20, "k\ud800", 1, 2**70, 1.5, None, True]
_EMITTERS: list[Callable[[], list[Any]]] = [
    lambda: [record_emitter()],
    lambda: [Inbox()],
    lambda: [record_emitter(), Inbox()],
]


def _fresh(scalar: Any) -> Any:
    """Return one like it that nothing else holds, so that its memory goes when it is let go."""
    return scalar + type(scalar)(1) if type(scalar) in (str, int, float) else scalar


class Program:
    """One program. It chooses as it goes, since what can be done depends on what was."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.stage = Stage(self._one_of(_EMITTERS)())
        self.stage.tracker.json_encoder = lambda _: self.value(1)

    def _one_of(self, options: Any) -> Any:
        return options[self._choose(len(options))]

    def value(self, depth: int = 3) -> Any:
        kind = self._one_of(["scalar", "hostile", "hostile", "list", "dict", "dict"])
        if kind == "scalar":
            return _fresh(self._one_of(_SCALARS))
        if kind == "hostile" or not depth:
            return self._hostile()
        items = [self.value(depth - 1) for _ in range(1 + self._choose(4))]
        return self._shared(items if kind == "list" else self._dict(dict, items))

    def _shared(self, container: Any) -> Any:
        self.stage.containers.append(container)
        return container

    def _dict(self, kind: type[dict[Any, Any]], items: list[Any]) -> dict[Any, Any]:
        return kind((_fresh(self._one_of(_KEYS)), item) for item in items)

    def _hostile(self) -> Any:
        kind = self._one_of(HOSTILE)
        if kind is hostile.Mapping:
            made: Any = self._dict(kind, [self._one_of(_SCALARS)])
        elif kind is hostile.Sequence:
            made = kind([self._one_of(_SCALARS)])
        else:
            made = kind("sub") if kind is hostile.Text else kind()
        return made.arm(self.stage, *self._action())

    def _touchy_object(self) -> Any:
        return hostile.Object().arm(self.stage, *self._action())

    def _action(self) -> tuple[str, Any]:
        return self._one_of(list(ACTIONS)), self._one_of(_SCALARS)

    def step(self, faults: Faults) -> None:
        """Do one thing to the tracker. What it raises is its own business, unless it is a fault."""
        try:
            self._step()
        except _EXPECTED as error:
            faults.judge(error)

    def _step(self) -> None:
        kind = self._one_of(["track", "track", "track", "dumps", "garbage", "act"])
        if kind == "track":
            self.stage.track(self._event())
        elif kind == "dumps":
            _native.dumps(self.value(), lambda _: self.value(1))
        elif kind == "garbage":
            hostile.plant_garbage(self.stage, *self._action())
            gc.set_threshold(1 + self._choose(40))
        else:
            self.stage.act(*self._action())

    def _event(self) -> Any:
        kind = self._one_of(EVENTS)
        common: dict[str, Any] = {
            "context": self._shared([SelfDescribingJson(SCHEMA, self.value())]),
            "event_subject": self._one_of([None, None, Subject(), self._touchy_object()]),
            "true_timestamp": self._one_of(_SCALARS),
        }
        if kind is SelfDescribing:
            return kind(SelfDescribingJson(SCHEMA, self.value()), **common)
        if kind is Event:
            return kind({"ue": self.value(1)}, **common)
        return kind("u", "n", self.value(1), **common)


@contextlib.contextmanager
def _everything_restored() -> Iterator[None]:
    threshold = gc.get_threshold()
    with contextlib.ExitStack() as stack:
        for owner, name in (*hostile.PATCHED, (time, "time"), (uuid, "uuid4")):
            stack.enter_context(mock.patch.object(owner, name, getattr(owner, name)))
        stack.callback(codecs.register_error, "strict", codecs.strict_errors)
        stack.callback(gc.set_threshold, *threshold)
        yield


class Faults(logging.Handler):
    """Collects what must not happen: panics, wherever they surface."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.judge(record.getMessage())

    def judge(self, what: object) -> None:
        text = f"{type(what).__name__}: {what}" if isinstance(what, BaseException) else str(what)
        if "internal error" in text or "Panic" in text or "orrowed" in text:
            self.found.append(text)

    def __enter__(self) -> Self:
        self._hook = sys.unraisablehook
        sys.unraisablehook = lambda unraisable: self.judge(unraisable.exc_value)
        self._logger = logging.getLogger("snowplow_tracker")
        self._propagates, self._logger.propagate = self._logger.propagate, False
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagates
        sys.unraisablehook = self._hook


def run(choose: Choose) -> None:
    """Run one program. It may fail; there must be no panic, and trackers must work afterwards."""
    with Faults() as faults:
        with _everything_restored():
            program = Program(choose)
            try:
                for _ in range(3 + choose(6)):
                    program.step(faults)
            finally:
                program.stage.end()
        assert not faults.found
    inbox = Inbox()
    Tracker("ns", inbox).track(PageView("u"))
    [event] = inbox.events
    assert (event["e"], event["url"], len(event["eid"])) == ("pv", "u", 36)
