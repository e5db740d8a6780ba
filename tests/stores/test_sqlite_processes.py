"""The durable store with several processes: killed, forked, spawned, and at the same time."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pytest
from tests.stores.inner import sqlite_store_of

from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, StructuredEvent, Tracker

pytestmark = pytest.mark.processes

FAR = 1000


class Program:
    """Python in a process of its own, which says how far it is."""

    def __init__(self, code: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.communicate()

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


def labels_of(store: SQLiteEventStore) -> list[str]:
    labels = []
    while batch := store.get_events_batch():
        labels += [event["se_la"] for event in batch]
    return labels


TRACKS_FOR_EVER = """
import sys
from snowplow_tracker import Emitter, SQLiteEventStore, StructuredEvent, Tracker
store = SQLiteEventStore(sys.argv[1])
tracker = Tracker("ns", Emitter("http://127.0.0.1:9", batch_size=10**9, event_store=store))
for number in range(10**9):
    print(tracker.track(StructuredEvent("shop", "add", str(number))), flush=True)
"""


def test_a_killed_process_leaves_every_event_that_it_was_told_of(path):
    with Program(TRACKS_FOR_EVER, path) as program:
        told = [program.line() for _ in range(200)]
        program.kill()
        told += program.process.stdout.read().splitlines()
    left = SQLiteEventStore(path).get_events_batch()
    ids = [event["eid"] for event in left]
    assert told == ids[: len(told)]
    assert len(ids) - len(told) <= 1


TAKES = """
import sys
from snowplow_tracker import SQLiteEventStore
store = SQLiteEventStore(sys.argv[1], claim_timeout=0)
print(len(store.get_events_batch()), flush=True)
input()
"""


def test_what_a_killed_process_had_taken_waits_again_in_its_old_place(path):
    store = SQLiteEventStore(path, claim_timeout=FAR)
    store.add_event({"se_la": "a"})
    with Program(TAKES, path) as program:
        assert program.line() == "1"
        store.add_event({"se_la": "b"})
        assert labels_of(store) == ["b"]
        program.kill()
        assert labels_of(store) == ["a"]


def test_a_live_process_keeps_what_it_has_taken_however_long_it_takes(path):
    store = SQLiteEventStore(path, claim_timeout=0)
    store.add_event({"se_la": "a"})
    with Program(TAKES, path) as program:
        assert program.line() == "1"
        program.process.send_signal(signal.SIGSTOP)
        assert (store.size(), labels_of(store)) == (0, [])
        assert SQLiteEventStore(path, claim_timeout=0).size() == 0


def test_size_notices_within_the_claim_timeout_that_a_process_died(path, until):
    store = SQLiteEventStore(path, claim_timeout=0.2)
    store.add_event({"se_la": "a"})
    with Program(TAKES, path) as program:
        assert program.line() == "1"
        assert store.size() == 0
        program.kill()
        until(lambda: store.size() == 1)


def test_a_new_process_delivers_what_a_killed_one_left_in_order(server, path):
    with Program(TRACKS_FOR_EVER, path) as program:
        for _ in range(50):
            program.line()
    tracker = Tracker("ns", Emitter(server.url, batch_size=5, event_store=SQLiteEventStore(path)))
    tracker.track(StructuredEvent("shop", "add", "mine"))
    labels = server.labels()
    assert labels == [*map(str, range(len(labels) - 1)), "mine"]


SENDS_FROM_THREADS = """
import sys, threading
from snowplow_tracker import AsyncEmitter, SQLiteEventStore, StructuredEvent, Tracker
url, path, name = sys.argv[1:]
store = SQLiteEventStore(path)
tracker = Tracker("ns", AsyncEmitter(url, batch_size=7, thread_count=2, event_store=store))
def work(thread):
    for number in range(60):
        tracker.track(StructuredEvent("shop", "add", f"{name}.{thread}.{number}"))
threads = [threading.Thread(target=work, args=(each,)) for each in range(3)]
for each in threads: each.start()
for each in threads: each.join()
tracker.flush()
print(tracker.emitters[0].stats()["dropped"], flush=True)
"""


def test_processes_and_their_threads_share_a_file_and_send_each_event_once(server, path):
    programs = [Program(SENDS_FROM_THREADS, server.url, path, name) for name in "ab"]
    for program in programs:
        with program:
            assert program.line() == "0"
            program.process.wait(20)
    store = SQLiteEventStore(path)
    Tracker("ns", Emitter(server.url, event_store=store)).flush()
    expected = [f"{name}.{thread}.{n}" for name in "ab" for thread in range(3) for n in range(60)]
    assert sorted(server.labels()) == sorted(expected)
    assert store.size() == store.in_flight == 0


# --- forks


def in_child(function) -> object:
    """Return what a function returns in a forked child."""
    read, write = os.pipe()
    if not os.fork():
        try:
            os.write(write, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.wait()
    return json.loads(text)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks there")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
class TestFork:
    def test_the_child_takes_what_its_parent_has_not(self, path):
        store = SQLiteEventStore(path)
        for label in "abc":
            store.add_event({"se_la": label})
        taken = sqlite_store_of(store).take_records(1, 1000) or pytest.fail("nothing")
        assert in_child(lambda: (store.in_flight, labels_of(store))) == [0, ["b", "c"]]
        assert (store.in_flight, store.size()) == (1, 2)
        taken.finish(taken.batch, 0, False)
        assert labels_of(store) == ["b", "c"]

    def test_the_child_cannot_settle_what_its_parent_took(self, path):
        store = SQLiteEventStore(path)
        store.add_event({"se_la": "a"})
        taken = sqlite_store_of(store).take_records(1, 1000) or pytest.fail("nothing")
        in_child(lambda: taken.finish(taken.batch, 0, True))
        assert (store.size(), store.in_flight) == (0, 1)

    def test_the_child_stores_under_load_of_its_parents_threads(self, path):
        store = SQLiteEventStore(path)
        stop = threading.Event()
        added = []

        def add() -> None:
            while not stop.is_set():
                added.append(store.add_event({"se_la": "parent"}))

        threads = [threading.Thread(target=add) for _ in range(3)]
        for thread in threads:
            thread.start()
        children = [in_child(lambda: store.add_event({"se_la": "child"})) for _ in range(10)]
        stop.set()
        for thread in threads:
            thread.join()
        assert all(added)
        assert children == [True] * 10
        labels = labels_of(store)
        assert (labels.count("child"), labels.count("parent")) == (10, len(added))

    def test_a_child_forked_in_the_middle_of_a_write_refuses(self, path):
        store = SQLiteEventStore(path)
        answers = []

        def interrupt(database, *_):
            answers.append(in_child(lambda: [store.add_event({"se_la": "child"}), store.size()]))
            return database.insert(b'{"se_la":"parent"}', 1) is None

        sqlite_store_of(store).access.do(interrupt, None)
        assert answers == [[False, 0]]
        assert labels_of(store) == ["parent"]

    @pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
    def test_an_emitter_and_its_child_send_each_event_once(self, server, track, path, kind):
        emitter = kind(server.url, batch_size=1000, event_store=SQLiteEventStore(path))
        tracker = Tracker("ns", emitter)
        track(tracker, "a")

        def child() -> None:
            track(tracker, "b")
            tracker.flush()

        in_child(child)
        track(tracker, "c")
        tracker.flush()
        assert server.labels() == ["a", "b", "c"]


OUTLIVES_ITS_PARENT = """
import os, subprocess, sys
from snowplow_tracker import SQLiteEventStore
store = SQLiteEventStore(sys.argv[1])
store.add_event({"se_la": "parent"})
if os.fork():
    os._exit(0)
sys.stdin.readline()  # the parent is gone
store.add_event({"se_la": "child"})
visitor = "import sys, sqlite3; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM events')"
subprocess.run([sys.executable, "-c", visitor + ".fetchall(); c.close()", sys.argv[1]], check=True)
print(store.add_event({"se_la": "child again"}), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks there")
def test_a_child_has_locks_of_its_own_that_outlive_its_parent(path):
    """Without them, whoever comes and goes deletes the log that the child writes to."""
    with Program(OUTLIVES_ITS_PARENT, path) as program:
        program.process.wait(10)
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        assert program.line() == "True"
    assert labels_of(SQLiteEventStore(path)) == ["parent", "child", "child again"]


def _store_one(store: SQLiteEventStore) -> None:
    assert store.add_event({"se_la": "child"})


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_store_goes_to_a_spawned_process(path, method):
    store = SQLiteEventStore(path)
    context = multiprocessing.get_context(method)
    process = context.Process(target=_store_one, args=(store,))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert labels_of(store) == ["child"]
