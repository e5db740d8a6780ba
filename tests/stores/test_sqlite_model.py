"""The durable store against a model: any order of calls, by several stores of one file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.stores.inner import sqlite_store_of

from snowplow_tracker import SQLiteEventStore
from snowplow_tracker._stores.sqlite.claims import DELETED, Claims

which = st.integers(0, 1)


class StoresOfOneFile(RuleBasedStateMachine):
    """`waiting` is all that nobody has taken, in order; `taken` lists batches by store."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stores = [self.open(), self.open()]
        self.waiting: list[int] = []
        self.taken: list[list[Any]] = [[], []]
        self.last = 0

    def open(self) -> SQLiteEventStore:
        return SQLiteEventStore(self.folder / "events.db", claim_timeout=0)

    @rule(store=which, count=st.integers(1, 5))
    def add(self, store: int, count: int) -> None:
        records = sqlite_store_of(self.stores[store])
        for _ in range(count):
            self.last += 1
            assert records.add_record(b'{"se_la":"%d"}' % self.last, self.last)
            self.waiting.append(self.last)

    @rule(store=which, most=st.integers(1, 6))
    def take(self, store: int, most: int) -> None:
        taken = sqlite_store_of(self.stores[store]).take_records(most, 10**6)
        assert (taken is None) == (not self.waiting)
        if taken is None:
            return
        numbers = [int(event["se_la"]) for event in taken.batch.events()]
        assert numbers == self.waiting[: len(numbers)]
        del self.waiting[: len(numbers)]
        self.taken[store].append((numbers, taken))

    @rule(store=which, place=st.integers(0, 9), need_retry=st.booleans())
    def settle(self, store: int, place: int, need_retry: bool) -> None:
        if not self.taken[store]:
            return
        numbers, taken = self.taken[store].pop(place % len(self.taken[store]))
        taken.finish(taken.batch, 0, need_retry)
        if need_retry:
            self.give_back(numbers)

    @rule(store=which)
    def end_and_open_again(self, store: int) -> None:
        for numbers, *_ in self.taken[store]:
            self.give_back(numbers)
        self.taken[store] = []
        self.stores[store] = None  # type: ignore[call-overload]
        self.stores[store] = self.open()

    def give_back(self, numbers: list[int]) -> None:
        self.waiting = sorted(self.waiting + numbers)

    @invariant()
    def counts_agree(self) -> None:
        for store, batches in zip(self.stores, self.taken, strict=True):
            assert store.size() == len(self.waiting)
            assert store.in_flight == sum(len(numbers) for numbers, *_ in batches)
            assert store.oldest_ms == (self.waiting[0] if self.waiting else None)

    def teardown(self) -> None:
        self.stores.clear()
        self.taken.clear()
        shutil.rmtree(self.folder)


TestStoresOfOneFile = StoresOfOneFile.TestCase
TestStoresOfOneFile.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_many_batches_that_are_sent_behind_one_that_is_not_make_one_range():
    claims = Claims([(1, 10, 7)])
    for first in [*range(11, 1000, 20), *range(21, 1000, 20)]:
        claims.add(first, first + 9, DELETED)
    assert [tuple(each) for each in claims] == [(1, 10, 7), (11, 1000, DELETED)]
    assert claims.first_free(1, 1020) == (1001, 1020)
