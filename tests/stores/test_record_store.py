"""Which stores delivery uses without their public methods."""

from __future__ import annotations

import logging
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import InMemoryEventStore, SQLiteEventStore
from snowplow_tracker._stores.record_store import (
    STORE_METHODS,
    builtin_store_of,
    record_store_of,
    sink_of,
)

KINDS = [InMemoryEventStore, SQLiteEventStore]


def make(kind: Any, folder: Any) -> Any:
    is_durable = issubclass(kind, SQLiteEventStore)
    return kind(folder / "events.db" if is_durable else logging.getLogger("mine"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_instance_of_a_built_in_class_has_a_record_store(kind, tmp_path):
    store = make(kind, tmp_path)
    assert record_store_of(store) is builtin_store_of(store) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_an_instance_of_a_subclass_has_none(kind, tmp_path):
    store = make(type("Mine", (kind,), {}), tmp_path)
    assert record_store_of(store) is builtin_store_of(store) is None


@pytest.mark.parametrize("store", [object(), None, [], mock.Mock()])
def test_another_object_has_none(store):
    assert record_store_of(store) is builtin_store_of(store) is None
    assert sink_of(store) is None


@pytest.mark.parametrize("owner", ["class", "instance"])
@pytest.mark.parametrize("method", STORE_METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_store_with_a_replaced_method_is_not_used_without_it(kind, method, owner, tmp_path):
    store = make(kind, tmp_path)
    with mock.patch.object(kind if owner == "class" else store, method):
        assert record_store_of(store) is None
        assert sink_of(store) is None
        assert builtin_store_of(store) is not None


def test_only_the_store_in_memory_has_a_buffer_to_append_to(tmp_path):
    assert sink_of(make(InMemoryEventStore, tmp_path)) is not None
    assert sink_of(make(SQLiteEventStore, tmp_path)) is None


def test_a_store_that_was_looked_into_keeps_dicts(tmp_path):
    store = make(InMemoryEventStore, tmp_path)
    assert store.event_buffer == []
    assert record_store_of(store) is None
    assert sink_of(store) is None
    assert builtin_store_of(store) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_claim_is_finished_in_parts_by_their_place(kind, tmp_path):
    store = make(kind, tmp_path)
    records = record_store_of(store)
    assert records is not None
    for number in range(5):
        records.add_record(b'{"n":"%d"}' % number, number)
    claim = records.take_records(4, 10**6)
    assert claim is not None
    assert (store.size(), records.in_flight, records.approximate_size) == (1, 4, 1)
    claim.finish(claim.batch.part(2, 4), 2, requeue=True)
    claim.finish(claim.batch.part(0, 2), 0, requeue=False)
    assert (records.refresh_size(), records.in_flight, records.acked_unwritten) == (3, 0, 0)
    assert [event["n"] for event in store.get_events_batch()] == ["2", "3", "4"]
