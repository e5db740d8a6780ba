"""`pause` and `SNOWPLOW_TRACKER_DISABLED`: a tracker drops its events."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import Inbox

from snowplow_tracker import AsyncEmitter, Emitter, PageView, Payload, SQLiteEventStore, Tracker
from snowplow_tracker import _disabled as disabled

if TYPE_CHECKING:
    from pathlib import Path

PAGE = PageView("https://shop.example")


class Own(Tracker):
    """Completes payloads itself, and says that it did."""

    completed = 0

    def complete_payload(self, *args: Any, **options: Any) -> Any:
        self.completed += 1
        return super().complete_payload(*args, **options)


@pytest.fixture
def inbox() -> Any:
    return Inbox()


@pytest.fixture
def switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWPLOW_TRACKER_DISABLED", "1")


@pytest.mark.parametrize("kind", [Tracker, Own])
def test_a_paused_tracker_drops_and_counts(inbox, kind):
    tracker = kind("ns", inbox)
    assert tracker.track(PAGE)
    assert tracker.pause() is tracker
    assert tracker.track(PAGE) is None
    assert tracker.track(Payload({"e": "ad"})) is tracker
    assert tracker.resume() is tracker
    assert tracker.track(PAGE)
    assert len(inbox.events) == 2
    assert tracker.stats()["paused"] == 2


def test_what_was_tracked_before_a_pause_is_delivered(server):
    emitter = Emitter(server.url)
    tracker = Tracker("ns", emitter)
    tracker.track(PAGE)
    tracker.pause().track(PAGE)
    tracker.flush()
    assert sum(len(request.events) for request in server.requests) == 1


def test_threads_that_pause_and_resume_lose_no_count(inbox):
    tracker = Tracker("ns", inbox)

    def track() -> None:
        for number in range(500):
            (tracker.pause if number % 3 else tracker.resume)()
            tracker.track(PAGE)

    threads = [threading.Thread(target=track) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inbox.events) + tracker.stats()["paused"] == 4_000


@pytest.mark.parametrize("copied", [copy.copy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_copy_of_a_paused_tracker_is_paused(copied):
    tracker = copied(Tracker("ns", Inbox()).pause())
    assert tracker.track(PAGE) is None
    assert "_Tracker__silence" not in vars(tracker)
    assert copied(tracker.resume()).track(PAGE) is not None


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "Yes", " yes "])
@pytest.mark.parametrize("kind", [Tracker, Own])
def test_a_disabled_tracker_is_silent_for_ever(inbox, monkeypatch, value, kind):
    monkeypatch.setenv("SNOWPLOW_TRACKER_DISABLED", value)
    tracker = kind("ns", inbox)
    monkeypatch.delenv("SNOWPLOW_TRACKER_DISABLED")
    assert tracker.track(PAGE) is None
    assert tracker.resume().track(PAGE) is None
    with pytest.warns(DeprecationWarning, match="track_page_view"):
        assert tracker.track_page_view("https://shop.example") is tracker
    assert copy.copy(tracker).track(PAGE) is None
    assert inbox.events == []
    assert getattr(tracker, "completed", 0) == 0


@pytest.mark.parametrize("value", ["", "0", "false", "no", "off"])
def test_other_values_disable_nothing(inbox, monkeypatch, value):
    monkeypatch.setenv("SNOWPLOW_TRACKER_DISABLED", value)
    assert Tracker("ns", inbox).track(PAGE)


def test_the_variable_is_read_when_a_tracker_is_constructed(inbox, monkeypatch):
    tracker = Tracker("ns", inbox)
    monkeypatch.setenv("SNOWPLOW_TRACKER_DISABLED", "1")
    assert tracker.track(PAGE)


@pytest.mark.usefixtures("switched_off")
def test_the_emitters_of_a_disabled_tracker_are_not_called():
    class Flushed(Emitter):
        calls = 0

        def flush(self) -> None:
            self.calls += 1

        def close(self, _timeout: float | None = None) -> None:
            self.calls += 1

    emitter = Flushed("127.0.0.1:9")
    tracker = Tracker("ns", emitter)
    tracker.track(PAGE)
    tracker.flush()
    tracker.flush(is_async=True)
    tracker.close()
    assert emitter.calls == 0


def test_a_durable_store_of_earlier_runs_is_left_alone(server, tmp_path, monkeypatch):
    path = tmp_path / "events.db"
    earlier = SQLiteEventStore(path)
    earlier.add_event({"e": "pv"})
    monkeypatch.setenv("SNOWPLOW_TRACKER_DISABLED", "1")
    with Tracker("ns", Emitter(server.url, event_store=SQLiteEventStore(path))) as tracker:
        tracker.track(PAGE)
    assert server.requests == []
    assert earlier.size() == 1


PROGRAM = """
import logging, sys, threading
logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(message)s")
from snowplow_tracker import AsyncEmitter, PageView, SQLiteEventStore, Tracker
store = SQLiteEventStore(sys.argv[1])
emitter = AsyncEmitter("http://127.0.0.1:9", batch_size=1, event_store=store)
for tracker in (Tracker("a", emitter), Tracker("b", emitter)):
    tracker.track(PageView("https://shop.example"))
    tracker.flush()
    tracker.close()
print(threading.active_count(), "requests" in sys.modules)
"""


def test_a_disabled_program_logs_one_line_and_leaves_nothing(tmp_path: Path):
    path = tmp_path / "events.db"
    environment = {**os.environ, "SNOWPLOW_TRACKER_DISABLED": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=True,
    )
    assert done.stdout == "1 False\n"
    assert done.stderr == "INFO Trackers are silent: SNOWPLOW_TRACKER_DISABLED is set\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("switched_off")
def test_the_line_is_logged_once_in_the_process(caplog, monkeypatch):
    monkeypatch.setattr(disabled, "_announced", [])
    with caplog.at_level("INFO"):
        for _ in range(3):
            Tracker("ns", AsyncEmitter("https://127.0.0.1:9"))
    assert [record.getMessage() for record in caplog.records] == [
        "Trackers are silent: SNOWPLOW_TRACKER_DISABLED is set"
    ]
