"""What signal handlers and finalizers do, at any line of the package, loses nothing and ends.

Each run of a program is interrupted at further lines. The locks check their order, so a test fails
if an interruption waits for a lock that another thread could hold while it waits for this thread.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import wait_until

import snowplow_tracker
from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    SQLiteEventStore,
    StructuredEvent,
    Tracker,
)
from snowplow_tracker._locks import sections
from snowplow_tracker._logging import delivering
from snowplow_tracker.emitters import Requester

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

pytestmark = pytest.mark.processes

PACKAGE = str(Path(snowplow_tracker.__file__).parent)
FAR = 10**9


class LockingStore:
    """A store of the program's own, thread-safe by a lock that is not re-entrant."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Any] = []

    def add_event(self, payload: Any) -> bool:
        with self._lock:
            self._events.append(payload)
        return True

    def get_events_batch(self) -> list[Any]:
        with self._lock:
            events = list(self._events)
            self._events.clear()
        return events

    def cleanup(self, batch: list[Any], need_retry: bool) -> None:
        with self._lock:
            if need_retry:
                self._events[:0] = batch

    def size(self) -> int:
        with self._lock:
            return len(self._events)


STORE_CODES = {
    function.__code__ for name, function in vars(LockingStore).items() if callable(function)
}


class Interruptions:
    """Call a function at some lines of each run: those that are reached for the first time.

    Args:
        most: The maximum number of lines in one run.
        only_inside: Only lines in the middle of a section or of a delivery.
    """

    def __init__(self, most: int, only_inside: bool) -> None:
        self._most = self._left = most
        self._only_inside = only_inside
        self._lines: set[tuple[CodeType, int]] = set()
        self._action: Callable[[], object] = print
        self.errors: list[BaseException] = []
        self._is_on = False
        self._running: list[None] = []

    @contextmanager
    def by(self, action: Callable[[], object], on_other_threads: bool) -> Iterator[None]:
        self._action, self._left, self._is_on = action, self._most, True
        set_trace: Any = threading.settrace if on_other_threads else sys.settrace
        before = threading.gettrace() if on_other_threads else sys.gettrace()
        set_trace(self._trace)
        try:
            yield
        finally:
            set_trace(before)
            self._is_on = False
            wait_until(lambda: not self._running)

    def are_over(self) -> bool:
        return self._left == self._most

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(PACKAGE) and code not in STORE_CODES:
            return None
        if event == "line" and self._is_new(code, frame.f_lineno):
            self._left -= 1
            self._running.append(None)
            try:
                if self._is_on:
                    self._action()  # Python does not trace what this function calls
            except BaseException as error:
                self.errors.append(error)
                raise
            finally:
                self._running.pop()
        return self._trace if self._left > 0 else None

    def _is_new(self, code: CodeType, number: int) -> bool:
        if self._left <= 0 or not self._is_on or (code, number) in self._lines:
            return False
        if self._only_inside and not (sections.is_active() or delivering.is_active()):
            return False
        self._lines.add((code, number))
        return True


class Collector:
    """Responds to requests without a network, and knows what it has received."""

    def __init__(self, *script: int) -> None:
        self.script = list(script)
        self.labels: list[str] = []

    def post(self, _url: str, data: str, **_: Any) -> Any:
        import json  # noqa: PLC0415 - not to be interrupted

        status = self.script.pop(0) if self.script else 200
        if status == 200:
            self.labels += [event["se_la"] for event in json.loads(data)["data"]]
        return SimpleNamespace(status_code=status)


class Program:
    """One emitter, and events that are tracked by the program and by what interrupts it."""

    def __init__(self, emitter: Emitter, collector: Collector) -> None:
        self.emitter, self.collector = emitter, collector
        emitter.request_method = Requester(collector.post, collector.post)
        self.tracker = Tracker("ns", emitter)
        self.numbers = count()
        self.tracked = 0

    def track(self) -> None:
        self.tracked += 1
        self.tracker.track(StructuredEvent("shop", "add", str(next(self.numbers))))

    def run(self) -> None:
        for _ in range(3):
            self.track()
        self.emitter.stats()
        self.emitter.set_flush_timer(1000)
        self.emitter.flush()
        self.track()
        self.emitter.cancel_flush_timer()

    def end(self) -> None:
        self.emitter.sync_flush()
        self.emitter.retry_timer.cancel()
        self.emitter.close()


def read_all(program: Program) -> None:
    stats = program.emitter.stats()
    assert stats["tracked"] == sum(
        stats[part] for part in ("queued", "in_flight", "sent", "rejected", "dropped")
    )
    program.emitter.reached_limit()
    if hasattr(program.emitter.event_store, "event_buffer"):
        assert isinstance(program.emitter.buffer, list)


def track_and_flush(program: Program) -> None:
    program.track()
    program.emitter.flush()
    program.track()


def do_everything(program: Program) -> None:
    program.emitter.cancel_flush_timer()
    program.emitter.set_flush_timer(1000)
    read_all(program)
    track_and_flush(program)
    program.emitter.sync_flush()
    read_all(program)


def track_and_close(program: Program) -> None:
    program.track()
    program.emitter.close()


STORES: dict[str, dict[str, Any]] = {
    "records": {},
    "encoded dicts": {"byte_limit": FAR},
    "dicts": {"byte_limit": FAR},
    "SQLite": {},
    "own": {},
}


@pytest.fixture
def make_program(tmp_path) -> Callable[..., Program]:
    durable = SQLiteEventStore(tmp_path / "events.db")

    def make(kind: type[Emitter], store: str, *responses: int) -> Program:
        settings = dict(STORES[store])
        if store == "SQLite":
            settings["event_store"] = durable
        elif store == "own":
            settings["event_store"] = LockingStore()
        emitter = kind("http://127.0.0.1:9", batch_size=2, **settings)
        if store == "dicts":
            assert emitter.buffer == []
        return Program(emitter, Collector(*responses))

    return make


CASES = [
    (store, action, responses)
    for store in STORES
    # The responses of the collector before it accepts everything.
    for action, responses in [
        (track_and_flush, ()),
        (do_everything, ()),
        (do_everything, (503,)),
        (track_and_close, ()),
    ]
    if not (store == "SQLite" and action is track_and_close)  # takes half a minute
]


@pytest.mark.parametrize(
    ("store", "action", "responses"), CASES, ids=lambda of: getattr(of, "__name__", str(of))
)
@pytest.mark.parametrize(
    ("kind", "on_other_threads"),
    [(Emitter, False), (AsyncEmitter, False), (AsyncEmitter, True)],
    ids=["Emitter", "AsyncEmitter", "threads of AsyncEmitter"],
)
def test_at_each_line(make_program, kind, on_other_threads, store, action, responses):
    closes = action is track_and_close
    interruptions = Interruptions(most=1 if closes else 6, only_inside=closes)
    for runs in range(1_000):
        program = make_program(kind, store, *responses)
        with interruptions.by(partial(action, program), on_other_threads):
            program.run()
            if on_other_threads:
                program.emitter.sync_flush()
        program.end()
        assert not interruptions.errors
        check(program, may_leave_events=closes)
        if interruptions.are_over():
            assert runs > 5
            break


def check(program: Program, may_leave_events: bool) -> None:
    """Each event was received once, or is still stored, or was tracked after the end."""
    stats, labels = program.emitter.stats(), program.collector.labels
    assert (stats["tracked"], stats["in_flight"]) == (program.tracked, 0)
    assert len(labels) == len(set(labels)) == stats["sent"]
    assert stats["sent"] + stats["queued"] + stats["dropped"] == program.tracked
    if not may_leave_events:
        assert stats["sent"] == program.tracked
    left = program.emitter.event_store.get_events_batch()
    assert len(left) == stats["queued"]
    program.emitter.event_store.cleanup(left, False)
