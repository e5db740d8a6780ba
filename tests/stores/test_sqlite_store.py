"""The durable store by itself: events come out in order, within its limits."""

from __future__ import annotations

import copy
import pickle
import sqlite3
import subprocess
import sys
import time

import pytest
from tests.stores.inner import sqlite_store_of

from snowplow_tracker import SQLiteEventStore


def events(*labels: object) -> list[dict[str, str]]:
    return [{"e": "se", "eid": f"id-{label}", "se_la": str(label)} for label in labels]


def labels(batch: list[dict[str, str]]) -> list[str]:
    return [event["se_la"] for event in batch]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


@pytest.fixture
def store(path):
    return SQLiteEventStore(path)


def fill(store: SQLiteEventStore, *labels: object) -> list[bool]:
    return [store.add_event(event) for event in events(*labels)]


def test_it_gives_out_what_it_was_given_in_order(store):
    assert fill(store, *"abc") == [True] * 3
    assert (store.size(), store.in_flight) == (3, 0)
    assert store.get_events_batch() == events(*"abc")
    assert (store.size(), store.in_flight) == (0, 3)


def test_what_is_sent_is_forgotten(store, path):
    fill(store, *"ab")
    store.cleanup(store.get_events_batch(), False)
    assert (store.size(), store.in_flight, store.get_events_batch()) == (0, 0, [])
    assert SQLiteEventStore(path).size() == 0


def test_what_failed_waits_in_its_old_place(store):
    fill(store, *"ab")
    batch = store.get_events_batch()
    fill(store, "c")
    store.cleanup(batch, True)
    assert labels(store.get_events_batch()) == list("abc")


def test_a_batch_may_be_settled_in_parts_and_by_copies(store):
    fill(store, *"abcde")
    batch = copy.deepcopy(store.get_events_batch())
    store.cleanup([batch[3], batch[1]], False)
    store.cleanup([batch[0], batch[4]], True)
    assert (store.size(), store.in_flight) == (2, 1)
    store.cleanup([batch[2]], True)
    assert [labels(store.get_events_batch()) for _ in "ace"] == [["a"], ["c"], ["e"]]


def test_settled_twice_is_settled_once(store):
    fill(store, *"ab")
    first = store.get_events_batch()
    store.cleanup(first, False)
    fill(store, *"cd")
    store.get_events_batch()
    store.cleanup(first, False)
    assert store.in_flight == 2


def test_events_that_it_never_gave_out_may_be_put_back(store):
    store.cleanup(events("a"), False)
    store.cleanup(events("b"), True)
    assert labels(store.get_events_batch()) == ["b"]


def test_values_become_text(store):
    store.add_event({"e": "se", "se_va": 1.5, "vid": 3, "name": "ü\n"})
    assert store.get_events_batch() == [{"e": "se", "se_va": "1.5", "vid": "3", "name": "ü\n"}]


def test_a_batch_is_no_more_than_a_request_holds(store):
    for number in range(30):
        store.add_event({"eid": str(number), "data": "x" * 100_000})
    assert 5 < len(store.get_events_batch()) < 10


def test_ids_that_come_again_mix_nothing_up(store):
    fill(store, *"abcdef")
    records = sqlite_store_of(store)
    first, second = records.take_records(2, 10**6), records.take_records(3, 10**6)
    assert first is not None
    assert second is not None
    fill(store, "g")
    second.finish(second.batch, 0, False)
    store.cleanup(store.get_events_batch(), False)  # the newest: its id is the next one's
    fill(store, "h")
    assert (store.size(), store.in_flight) == (1, 2)
    first.finish(first.batch, 0, True)
    assert labels(store.get_events_batch()) == list("abh")


def test_a_new_store_has_what_an_old_one_left(path):
    fill(SQLiteEventStore(path), *"ab")
    store = SQLiteEventStore(path)
    assert store.size() == 2
    assert labels(store.get_events_batch()) == list("ab")


def test_two_stores_of_one_file_share_its_events(store, path):
    other = SQLiteEventStore(path)
    fill(store, "a")
    fill(other, "b")
    assert (store.size(), other.size()) == (2, 2)
    assert labels(other.get_events_batch()) == list("ab")
    assert (store.size(), store.in_flight, store.get_events_batch()) == (0, 0, [])
    assert other.in_flight == 2


def test_what_a_store_had_taken_that_is_gone_waits_again(store, path):
    other = SQLiteEventStore(path)
    fill(store, *"abc")
    other.get_events_batch()
    del other
    assert labels(store.get_events_batch()) == list("abc")


@pytest.mark.parametrize(
    "remake", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_a_copy_is_a_store_of_its_own_of_the_same_file(store, remake):
    fill(store, *"ab")
    other = remake(store)
    assert labels(other.get_events_batch()) == list("ab")
    assert store.in_flight == 0


def test_it_refuses_the_newest_beyond_its_capacity_and_says_so_once(path, logged):
    store = SQLiteEventStore(path, capacity=3)
    assert fill(store, *range(6)) == [True] * 3 + [False] * 3
    batch = store.get_events_batch()
    assert not any(fill(store, "in flight counts"))
    store.cleanup(batch, False)
    assert all(fill(store, "room again"))
    assert logged("refused: the store is full, its capacity is 3") == 1


def test_capacity_counts_what_others_stored_and_sent(path):
    store, other = (SQLiteEventStore(path, capacity=3) for _ in range(2))
    fill(store, *"ab")
    assert fill(other, *"cd") == [True, False]
    store.cleanup(store.get_events_batch(), False)
    assert fill(other, "e") == [True]


def test_its_file_grows_to_max_bytes_and_is_used_again(path, logged):
    store = SQLiteEventStore(path, max_bytes=300_000)
    event = {"e": "se", "data": "x" * 2000}
    count = 0
    while store.add_event(event):
        count += 1
    assert 80 < count < 150
    assert not store.add_event(event)
    assert path.stat().st_size <= 300_000
    assert logged("full") == 1
    for need_retry in (True, False):
        store.cleanup(store.get_events_batch(), need_retry)
    assert all(store.add_event(event) for _ in range(80))


def test_a_backlog_drains_in_order_and_in_parts(store):
    records = sqlite_store_of(store)
    for number in range(5000):
        records.add_record(b'{"se_la":"%d"}' % number, number)
    seen: list[str] = []
    while (taken := records.take_records(10**6, 20_000)) is not None:
        assert len(taken.batch.body(0)) <= 20_000
        seen += labels(taken.batch.events())
        taken.finish(taken.batch, 0, False)
    assert seen == [str(number) for number in range(5000)]


def test_the_age_of_the_oldest_is_that_of_the_oldest_waiting(store):
    records = sqlite_store_of(store)
    assert store.oldest_ms is None
    records.add_record(b'{"se_la":"a"}', 1000)
    records.add_record(b'{"se_la":"b"}', 2000)
    assert store.oldest_ms == 1000
    records.take_records(1, 1000)
    assert store.oldest_ms == 2000


def test_a_large_backlog_opens_at_once(path):
    store = SQLiteEventStore(path)
    fill(store, "first")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 200000)"
            """ INSERT INTO events SELECT id, 0, CAST('{"se_la":"more"}' AS BLOB) FROM n"""
        )
    connection.close()
    began = time.monotonic()
    assert SQLiteEventStore(path).size() == 200_000
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("capacity", value) for value in (0, -1, 1.5, "9", True, None)),
        *(("max_bytes", value) for value in (0, 65_535, 1e9, None)),
        *(("synchronous", value) for value in ("normal", "", 1, None)),
        *(("claim_timeout", value) for value in (-1, "1", None, float("nan"), float("inf"), True)),
    ],
)
def test_a_parameter_out_of_range_is_named(path, name, value):
    with pytest.raises(ValueError, match=name):
        SQLiteEventStore(path, **{name: value})
    assert not path.exists()


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL", "FULL", "EXTRA"])
def test_each_setting_of_synchronous_is_sqlites(path, synchronous):
    store = SQLiteEventStore(path, synchronous=synchronous)
    database = sqlite_store_of(store).connection.current()
    [(number,)] = database._execute("PRAGMA synchronous").fetchall()
    assert ["OFF", "NORMAL", "FULL", "EXTRA"][number] == synchronous
    assert fill(store, "a") == [True]


@pytest.mark.parametrize("place", ["missing/events.db", "."])
def test_a_path_that_cannot_be_a_file_is_refused(tmp_path, place):
    with pytest.raises(ValueError, match="path"):
        SQLiteEventStore(tmp_path / place)


def test_the_path_may_be_text_and_stays_when_the_program_moves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = SQLiteEventStore("events.db")
    monkeypatch.chdir("/")
    assert SQLiteEventStore(str(tmp_path / "events.db")).add_event({"e": "pv"})
    assert store.size() == 1


def test_the_package_imports_sqlite_only_for_it():
    program = """if True:
        import sys, snowplow_tracker
        assert "sqlite3" not in sys.modules
        snowplow_tracker.SQLiteEventStore
        assert "sqlite3" in sys.modules
    """
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
