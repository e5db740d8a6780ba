"""Files that the durable store cannot use: an error is logged, and the program goes on."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import pytest
from tests.stores.inner import sqlite_store_of

from snowplow_tracker import Emitter, SQLiteEventStore, StructuredEvent, Tracker
from snowplow_tracker._stores.sqlite import recovery
from snowplow_tracker._stores.sqlite.database import EventDatabase

EVENT = {"e": "se", "se_la": "a"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(recovery, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(recovery, "_REOPEN_SECONDS", 0.0)
    monkeypatch.setattr(recovery, "_CHECK_SECONDS", 0.0)


@pytest.fixture
def locked(path):
    """Another program that writes, and does not come to an end."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def errors(caplog) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_lock_that_another_holds_costs_one_wait_and_then_none(path, locked, caplog):
    store = SQLiteEventStore(path)
    store.add_event(EVENT)
    locked.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert not any(store.add_event(EVENT) for _ in range(50))
    assert store.get_events_batch() == []
    assert 0.1 <= time.monotonic() - began < 1
    locked.execute("COMMIT")
    assert store.add_event(EVENT)
    assert len(store.get_events_batch()) == 2
    [line] = errors(caplog)
    assert "locked" in line
    assert str(path) in line


def test_after_a_lock_it_waits_for_others_again(path, locked):
    store = SQLiteEventStore(path)
    locked.execute("BEGIN IMMEDIATE")
    assert not store.add_event(EVENT)
    locked.execute("COMMIT")
    assert store.add_event(EVENT)
    database = sqlite_store_of(store).connection.current()
    [(milliseconds,)] = database._execute("PRAGMA busy_timeout").fetchall()
    assert milliseconds == 100


def test_a_file_that_is_locked_at_the_start_is_opened_later(path, locked, caplog):
    locked.execute("BEGIN EXCLUSIVE")
    store = SQLiteEventStore(path)
    assert not store.add_event(EVENT)
    assert store.size() == store.in_flight == 0
    locked.execute("ROLLBACK")
    assert store.add_event(EVENT)
    assert len(errors(caplog)) == 1


def test_what_was_sent_while_the_file_was_locked_is_forgotten_later(path, locked):
    store = SQLiteEventStore(path)
    store.add_event(EVENT)
    batch = store.get_events_batch()
    locked.execute("BEGIN IMMEDIATE")
    store.cleanup(batch, False)
    assert store.in_flight == 1
    locked.execute("COMMIT")
    assert (store.size(), store.in_flight) == (0, 0)
    assert SQLiteEventStore(path).size() == 0


def test_tracking_goes_on_while_the_file_is_locked(server, track, path, locked):
    emitter = Emitter(server.url, batch_size=2, event_store=SQLiteEventStore(path))
    tracker = Tracker("ns", emitter)
    locked.execute("BEGIN IMMEDIATE")
    assert all(track(tracker, "a", "b"))
    locked.execute("COMMIT")
    track(tracker, "c", "d")
    assert server.labels() == ["c", "d"]
    assert emitter.stats()["dropped"] == 2


READ_ONLY = """
import os, sys, logging
logging.basicConfig(format="%(message)s", stream=sys.stdout)
from snowplow_tracker import SQLiteEventStore
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
store = SQLiteEventStore(sys.argv[1])
print([store.add_event({"e": "pv"}) for _ in range(3)], store.size(), store.get_events_batch())
"""


@pytest.fixture
def open_folder():
    """A folder that every user reaches, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")
@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o777), (0o644, 0o555)])
def test_a_file_that_may_not_be_written(open_folder, file, folder):
    path = open_folder / "events.db"
    SQLiteEventStore(path)
    path.chmod(file)
    open_folder.chmod(folder)
    command = [sys.executable, "-c", READ_ONLY, path]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    open_folder.chmod(0o755)
    *log, result = ran.stdout.splitlines()
    assert result == "[False, False, False] 0 []", ran.stderr
    assert 1 <= len(log) <= 2
    assert str(path) in log[0]


FULL = """
import logging, resource, sys
logging.basicConfig(format="%(message)s", stream=sys.stderr)
from snowplow_tracker import SQLiteEventStore
store = SQLiteEventStore(sys.argv[1])
store.add_event({"se_la": "first"})
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
stored = [store.add_event({"se_la": str(n), "data": "x" * 1000}) for n in range(2000)]
print(stored.count(True), stored.count(False))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(store.add_event({"se_la": "last"}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_files_that_may_not_grow(path):
    command = [sys.executable, "-c", FULL, path]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    counts, last = ran.stdout.splitlines()
    stored, refused = map(int, counts.split())
    assert stored > 0
    assert refused > 0
    assert last == "True"
    assert 1 <= len(ran.stderr.splitlines()) <= 3, ran.stderr
    store, labels = SQLiteEventStore(path), []
    while batch := store.get_events_batch():
        labels += [event["se_la"] for event in batch]
    assert labels == ["first", *map(str, range(stored)), "last"]


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="not known there")
def test_the_last_of_the_disk_is_left_for_sending(path, logged):
    store = SQLiteEventStore(path)
    store.add_event(EVENT)
    real = os.statvfs(path.parent)
    almost = mock.Mock(f_bavail=1000, f_frsize=real.f_frsize)
    with mock.patch("os.statvfs", return_value=almost):
        assert not store.add_event(EVENT)
        assert not store.has_room()
        store.cleanup(store.get_events_batch(), False)
    assert store.size() == 0
    assert store.add_event(EVENT)
    assert logged("refused: the disk is nearly full") == 1


LIMITED = """
import logging, resource, sys
logging.basicConfig(format="%(message)s", stream=sys.stderr)
from snowplow_tracker import SQLiteEventStore
from snowplow_tracker._stores.record_store import record_store_of
from snowplow_tracker._stores.sqlite import recovery
recovery._CHECK_SECONDS = 0
store = SQLiteEventStore(sys.argv[1])
add_record = record_store_of(store).add_record
resource.setrlimit(resource.RLIMIT_FSIZE, (7 * 2**20, resource.RLIM_INFINITY))
stored = sum(add_record(b'{"data":"%s"}' % (b"x" * 5000), 0) for _ in range(4000))
taken = 0
while batch := store.get_events_batch():
    taken += len(batch)
    store.cleanup(batch, False)
print(stored, taken, store.size(), store.add_event({"e": "again"}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_limit_that_the_disk_does_not_tell_of_leaves_room_to_send(path):
    command = [sys.executable, "-c", LIMITED, path]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    stored, taken, left, again = ran.stdout.split()
    assert 1000 < int(stored) < 4000
    assert (taken, left, again) == (stored, "0", "True")
    assert 1 <= len(ran.stderr.splitlines()) <= 3, ran.stderr


def test_what_could_not_be_taken_for_want_of_disk_still_waits(path):
    store = SQLiteEventStore(path)
    for label in "abc":
        store.add_event({"se_la": label})
    connection = sqlite_store_of(store).connection
    execute = connection.current()._execute

    def disk_full(statement, *arguments):
        if statement == "COMMIT":
            raise sqlite3.OperationalError("database or disk is full")
        return execute(statement, *arguments)

    with mock.patch.object(connection.database, "_execute", disk_full):
        assert store.get_events_batch() == []
        assert (store.size(), store.in_flight) == (3, 0)
    assert store.add_event({"se_la": "d"})
    assert [event["se_la"] for event in store.get_events_batch()] == list("abcd")


def damaged(path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if ".damaged" in each.name)


@pytest.mark.parametrize(
    "content", [b"no database at all" * 1000, b"SQLite format 3\0" + b"?" * 9000]
)
def test_a_file_that_is_no_database_is_set_aside(path, content, logged):
    path.write_bytes(content)
    store = SQLiteEventStore(path)
    assert store.add_event(EVENT)
    assert (path.parent / "events.db.damaged-1").read_bytes() == content
    assert store.get_events_batch() == [EVENT]
    assert logged(r"damaged.*events\.db\.damaged-1") == 1


def test_a_file_damaged_while_it_is_open_is_set_aside(path, logged):
    store = SQLiteEventStore(path, max_bytes=2**24)
    for _ in range(300):
        store.add_event({**EVENT, "data": "x" * 2000})
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 100)
    stored = [store.add_event(EVENT) for _ in range(3)]
    batch = store.get_events_batch()
    assert damaged(path)[0] == "events.db.damaged-1"
    assert stored == [True] * 3 or batch == []
    assert store.add_event(EVENT)
    assert logged("damaged") == 1


def test_each_damaged_file_is_kept_with_its_log(path):
    for _ in range(2):
        path.write_bytes(b"?" * 5000)
        path.with_name("events.db-wal").write_bytes(b"log")
        assert SQLiteEventStore(path).add_event(EVENT)
        path.unlink()
    names = damaged(path)
    assert {"events.db.damaged-1", "events.db.damaged-2", "events.db.damaged-1-wal"} <= {*names}


def test_stores_that_meet_a_damaged_file_set_it_aside_once(path):
    first, second = SQLiteEventStore(path), SQLiteEventStore(path)
    for store in (first, second):
        sqlite_store_of(store).connection.close()
    path.with_name("events.db-wal").unlink(missing_ok=True)
    path.write_bytes(b"?" * 5000)
    assert first.add_event(EVENT)
    assert second.add_event(EVENT)
    assert damaged(path) == ["events.db.damaged-1"]
    assert first.size() == second.size() == 2


def test_a_file_that_was_deleted_is_begun_anew(path, logged):
    store = SQLiteEventStore(path)
    store.add_event(EVENT)
    batch = store.get_events_batch()
    for each in path.parent.glob("events.db*"):
        if not each.name.endswith("-lock"):
            each.unlink()
    assert store.add_event({"se_la": "b"})
    store.cleanup(batch, False)
    assert SQLiteEventStore(path).get_events_batch() == [{"se_la": "b"}]
    assert logged("moved or deleted") == 1


def test_a_folder_that_vanished_is_waited_for(tmp_path, caplog):
    folder = tmp_path / "later"
    folder.mkdir()
    store = SQLiteEventStore(folder / "events.db")
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()
    assert not any(store.add_event(EVENT) for _ in range(5))
    assert 1 <= len(errors(caplog)) <= 2
    folder.mkdir()
    assert store.add_event(EVENT)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE TABLE theirs (x)", "another application"),
        ("PRAGMA application_id = 77", "another application"),
        ("PRAGMA user_version = 3", "another application"),
    ],
)
def test_another_applications_database_is_not_touched(path, statement, message):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"path.*{message}"):
        SQLiteEventStore(path)
    assert path.read_bytes() == before


def test_a_later_versions_store_is_not_touched(path):
    SQLiteEventStore(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(ValueError, match=r"path.*later version, 2"):
        SQLiteEventStore(path)


def test_events_that_were_deleted_by_hand_stand_in_nobodys_way(path):
    store = SQLiteEventStore(path)
    for label in "abcdef":
        store.add_event({"se_la": label})
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM events WHERE id IN (1, 3, 4)")
    connection.commit()
    connection.close()
    seen = []
    while batch := store.get_events_batch():
        seen += [event["se_la"] for event in batch]
        store.cleanup(batch, False)
    assert seen == ["b", "e", "f"]
    assert (store.size(), store.in_flight) == (0, 0)


def test_nothing_that_fails_reaches_the_program_that_tracks(path, server):
    store = SQLiteEventStore(path)
    emitter = Emitter(server.url, batch_size=1, event_store=store)
    tracker = Tracker("ns", emitter)
    with mock.patch.object(EventDatabase, "insert", side_effect=sqlite3.OperationalError("x%dx")):
        assert tracker.track(StructuredEvent("shop", "add", "a"))
    assert emitter.stats()["dropped"] == 1
