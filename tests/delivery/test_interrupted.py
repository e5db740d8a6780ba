"""Ctrl-C at awkward moments, log handlers that track, and stores that fail for a while."""

from __future__ import annotations

import logging
import signal
import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.stores.inner import sqlite_store_of

from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, StructuredEvent, Tracker
from snowplow_tracker._emitter import engine_of
from snowplow_tracker._stores.sqlite import recovery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def interrupted_starts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raises Ctrl-C once, where the package starts a thread."""
    start, is_first = threading.Thread.start, iter([True])

    def start_or_raise(thread: threading.Thread) -> None:
        if thread.name.startswith("snowplow") and next(is_first, False):
            raise KeyboardInterrupt
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_raise)
    yield
    assert not next(is_first, False)


@pytest.mark.usefixtures("interrupted_starts")
def test_ctrl_c_as_a_worker_starts_holds_nothing_back(server, track, until):
    tracker = Tracker("ns", AsyncEmitter(server.url, batch_size=1))
    with pytest.raises(KeyboardInterrupt):
        track(tracker, "a")
    track(tracker, "b")
    until(lambda: server.labels() == ["a", "b"])


@pytest.mark.usefixtures("interrupted_starts")
def test_ctrl_c_as_the_next_attempt_is_set_up_holds_nothing_back(server, track, until):
    server.script.append(503)
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=0.1)
    tracker = Tracker("ns", emitter)
    with pytest.raises(KeyboardInterrupt):
        track(tracker, "a")
    until(lambda: not emitter.retry_timer.is_active())
    track(tracker, "b")
    assert server.labels() == ["a", "a", "b"]


def test_ctrl_c_in_a_callback_of_halves_keeps_what_lies_behind(server, track):
    emitter = Emitter(server.url, batch_size=4, on_success=_interrupt)
    engine_of(emitter).transport.body_size.record_refused(800)
    tracker = Tracker("ns", emitter)
    with pytest.raises(KeyboardInterrupt):
        track(tracker, *range(4))
    emitter.on_success = None
    tracker.flush()
    assert server.labels() == ["0", "1", "2", "3"]
    assert emitter.stats()["in_flight"] == 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no interval timers")
def test_ctrl_c_while_another_program_writes_leaves_the_file_usable(tmp_path):
    store = SQLiteEventStore(tmp_path / "events.db")
    store.add_event({"e": "se"})
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    before = signal.signal(signal.SIGALRM, _interrupt)
    threading.Timer(0.2, other.rollback).start()
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            store.get_events_batch()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert store.add_event({"e": "se"})
    assert other.execute("SELECT count(*) FROM events").fetchone() == (2,)
    other.execute("BEGIN IMMEDIATE")
    other.close()


class _TracksWhatIsLogged(logging.Handler):
    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self.tracker, self.began, self.may_track = tracker, threading.Event(), threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "app":
            self.began.set()
            self.may_track.wait(0.3)  # meanwhile the other thread comes to its own line
            self.tracker.track(StructuredEvent("log", record.levelname))


@pytest.mark.parametrize("kind", ["SQLite", "dicts"])
def test_a_log_handler_may_track_while_another_thread_logs_that_the_store_is_full(kind, tmp_path):
    of_kind: dict[str, Any] = {"buffer_capacity": 1, "byte_limit": 10**9}
    if kind == "SQLite":
        of_kind = {"event_store": SQLiteEventStore(tmp_path / "events.db", capacity=1)}
    emitter = AsyncEmitter("http://127.0.0.1:9", batch_size=1000, **of_kind)
    emitter.batch_size = 1000
    handler = _TracksWhatIsLogged(Tracker("ns", emitter))
    logging.getLogger().addHandler(handler)
    try:
        handler.tracker.track(StructuredEvent("fills", "it"))
        threads = [
            threading.Thread(target=logging.getLogger("app").error, args=("x",), daemon=True),
            threading.Thread(
                target=handler.tracker.track, args=(StructuredEvent("is", "refused"),), daemon=True
            ),
        ]
        threads[0].start()
        assert handler.began.wait(10)
        threads[1].start()
        for thread in threads:
            thread.join(5)
        assert not any(thread.is_alive() for thread in threads)
        assert emitter.stats()["dropped"] == 2
    finally:
        logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_events_that_a_locked_file_did_not_give_out_are_sent_later(
    kind, server, track, until, tmp_path
):
    store = SQLiteEventStore(tmp_path / "events.db")
    emitter = kind(server.url, event_store=store, batch_size=100, max_retry_delay_seconds=0.1)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    sqlite_store_of(store).connection.current().set_busy_timeout(0.01)
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tracker.flush()
    assert server.requests == []
    other.close()
    until(lambda: server.labels() == ["a", "b"])


def test_what_is_answered_but_not_written_off_is_counted_once(server, track, tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "BUSY_SECONDS", 0.05)
    store = SQLiteEventStore(tmp_path / "events.db")
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None, check_same_thread=False)
    server.script.append(lambda _: other.execute("BEGIN IMMEDIATE") and 200)
    emitter = Emitter(server.url, event_store=store, batch_size=100)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    sqlite_store_of(store).connection.current().set_busy_timeout(0.01)
    tracker.flush()
    stats = emitter.stats()
    other.close()
    assert (stats["sent"], stats["in_flight"], stats["tracked"]) == (2, 0, 2)


def test_claims_hold_after_the_files_were_deleted(tmp_path):
    store = SQLiteEventStore(tmp_path / "events.db")
    for file in tmp_path.iterdir():
        file.unlink()
    threading.Event().wait(0.05)  # after that long it is looked at whether the file is there
    store.add_event({"e": "se"})
    assert len(store.get_events_batch()) == 1
    assert _taken_by_another_process(tmp_path / "events.db") == 0


def _taken_by_another_process(path: Path) -> int:
    program = "import sys; from snowplow_tracker import SQLiteEventStore as S; "
    program += "print(len(S(sys.argv[1]).get_events_batch()))"
    command = [sys.executable, "-c", program, str(path)]
    return int(subprocess.run(command, capture_output=True, timeout=20, check=True).stdout)


def test_events_that_an_own_send_events_passed_on_are_counted_once(server, until):
    class Looking(AsyncEmitter):
        def send_events(self, evts: Any) -> None:
            first_seen.wait(10)
            super().send_events(evts)

    first_seen = threading.Barrier(2)
    emitter = Looking(server.url, thread_count=2, batch_size=1)
    tracker = Tracker("ns", emitter)
    tracker.track(StructuredEvent("a", "1"))
    until(lambda: first_seen.n_waiting == 1)
    tracker.track(StructuredEvent("a", "2"))
    until(lambda: len(server.requests) == 2)
    tracker.flush()
    assert (emitter.stats()["sent"], emitter.stats()["tracked"]) == (2, 2)
