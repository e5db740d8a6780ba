"""The journal of the local collector: limits, filters, counts."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from snowplow_tracker.collector import Journal
from snowplow_tracker.collector.checks import judge, judge_post


@pytest.fixture
def row(payload, event):
    def make(**changes):
        return judge(payload, event(**{"eid": str(uuid.uuid4()), **changes}))

    return make


def test_counts_and_reset(row):
    journal = Journal()
    for changes in ({}, {}, {"dtm": "x"}):
        journal.add(row(**changes))
    assert journal.counts() == {"total": 3, "good": 2, "bad": 1}
    assert journal.reset() == {"total": 0, "good": 0, "bad": 0}
    assert journal.good() == journal.bad() == []


def test_newest_first(row):
    journal = Journal()
    for name in "abc":
        journal.add(row(aid=name))
    assert [good["event"]["app_id"] for good in journal.good(limit=2)] == ["c", "b"]


def test_bounded_by_number(row):
    journal = Journal(max_good=3, max_bad=2)
    for number in range(5):
        journal.add(row(aid=str(number)))
        journal.add(row(aid=str(number), dtm="x"))
    assert journal.counts() == {"total": 10, "good": 5, "bad": 5}
    assert [good["event"]["app_id"] for good in journal.good()] == ["4", "3", "2"]
    assert len(journal.bad()) == 2
    assert journal.dropped == 5


def test_bounded_by_bytes(row):
    journal = Journal(max_bytes=100_000)
    for _ in range(100):
        journal.add(row(page="p" * 2000))
    assert 10 < len(journal.good()) < 50
    assert journal.counts()["good"] == 100


@pytest.mark.parametrize("held", [[[]] * 10_000, [{"a": 1}] * 10_000, {"k" * 1_000_000: 1}])
def test_bounded_by_bytes_whatever_a_bad_event_holds(payload, event, batch, held):
    journal = Journal(max_bytes=1_000_000)
    for _ in range(3):
        (row,) = judge_post(payload, batch(event(vid=held)))
        journal.add(row)
    assert len(journal.bad()) < 3


def test_a_repeated_id_is_noticed_while_it_is_stored(row):
    journal = Journal(max_good=2)
    assert [journal.add(row(eid=str(uuid.UUID(int=n)))) for n in (1, 1, 2, 3, 1)] == [
        *(False, True, False, False, False)
    ]


def test_wait_for_returns_when_enough_have_come(row):
    journal = Journal()
    adder = threading.Thread(target=lambda: [journal.add(row()) for _ in range(3)])
    adder.start()
    assert journal.wait_for(3, timeout=5)["good"] >= 3
    adder.join()


def test_wait_for_says_how_many_came(row):
    journal = Journal()
    journal.add(row())
    with pytest.raises(TimeoutError, match=r"2 events expected in 0.01 s, 1 came \(1 good"):
        journal.wait_for(2, timeout=0.01)


def test_threads_lose_nothing(row):
    journal = Journal()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [journal.add(row()) for _ in range(50)], range(4)))
    assert journal.counts()["good"] == len(journal.good()) == 200


def test_rows_are_numbered_in_the_order_of_arrival(row):
    journal = Journal()
    for changes in ({}, {"dtm": "x"}, {}):
        journal.add(row(**changes))
    numbered = journal.numbered_rows()
    assert [(number, bool(each.errors)) for number, each in numbered] == [
        *((3, False), (2, True), (1, False))
    ]
    assert [number for number, _ in journal.numbered_rows(after=2)] == [3]
    assert journal.last == 3


def test_numbers_go_on_after_a_reset(row):
    journal = Journal()
    journal.add(row())
    journal.reset()
    assert (journal.last, journal.numbered_rows()) == (1, [])
    journal.add(row())
    assert [number for number, _ in journal.numbered_rows()] == [2]
