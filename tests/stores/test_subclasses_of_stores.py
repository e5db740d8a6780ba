"""Subclasses of the stores may use any private name, and everything still works."""

from __future__ import annotations

import copy
import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from snowplow_tracker import (
    Emitter,
    EventStore,
    InMemoryEventStore,
    SQLiteEventStore,
    StructuredEvent,
    Tracker,
)
from snowplow_tracker._stores.record_store import reset_after_fork

LOGGER = logging.getLogger("mine")
# Names of attributes and methods that the stores have or once had inside, and obvious ones.
NAMES = (
    "_access",
    "_add_dict",
    "_append",
    "_buffer",
    "_buffer_capacity",
    "_capacity",
    "_claim_timeout",
    "_connection",
    "_count",
    "_database",
    "_dicts",
    "_dicts_in_flight",
    "_do",
    "_events",
    "_file",
    "_full",
    "_given_out",
    "_handed_out",
    "_has_room",
    "_in_flight",
    "_insert",
    "_keep_dicts",
    "_keeper",
    "_keys_of",
    "_lock",
    "_log",
    "_log_full",
    "_logger",
    "_look_for_dead_at",
    "_owner",
    "_parameters",
    "_path",
    "_queue",
    "_records",
    "_sealed",
    "_settle",
    "_settle_all",
    "_settings",
    "_size",
    "_store",
    "_unsettled",
    "_unwritten",
    "_waiting",
    "_write_finished",
    # Not private, but of no documented meaning either.
    "acked_unwritten",
    "add_dict",
    "add_record",
    "answered",
    "approximate_size",
    "connection",
    "finish_claim",
    "forget_all",
    "has_failed",
    "keep_dicts",
    "keeps_records",
    "late_refusals",
    "log",
    "log_full",
    "records",
    "refresh_size",
    "reset_after_fork",
    "settings",
    "sink",
    "take_records",
    "waiting",
    "waiting_now",
)


class Session:
    """Answers requests with the statuses of a script, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests = 0

    def post(self, _url: str, **_: Any) -> SimpleNamespace:
        self.requests += 1
        status = self.statuses.pop(0) if self.statuses else 200
        return SimpleNamespace(status_code=status, headers={})

    get = post


def in_memory(kind: type, _path: Any) -> EventStore:
    store: EventStore = kind(LOGGER, 100)
    return store


def on_disk(kind: type, path: Any) -> EventStore:
    store: EventStore = kind(path / "events.db", 100)
    return store


KINDS = {"in memory": (InMemoryEventStore, in_memory), "on disk": (SQLiteEventStore, on_disk)}


def works(store: Any) -> None:
    """Tracks through an emitter: sent at once, sent again after a failure, and at its end."""
    sent: list[Any] = []
    session = Session(200, 503)
    emitter = Emitter(
        "c.example.com",
        batch_size=2,
        event_store=store,
        session=session,
        on_success=sent.extend,
        max_retry_delay_seconds=1000,
    )
    tracker = Tracker("ns", emitter)
    for label in "abcde":
        tracker.track(StructuredEvent("shop", "add", label))
    assert (session.requests, store.size()) == (2, 3)
    assert emitter.stats()["queued"] == 3
    emitter.close()
    assert [event["se_la"] for event in sent] == list("abcde")
    assert (session.requests, store.size()) == (3, 0)
    assert emitter.stats()["sent"] == emitter.stats()["tracked"] == 5


def set_all(store: Any, value: object) -> None:
    for name in NAMES:
        setattr(store, name, value)


def get_all(store: Any) -> set[object]:
    return {getattr(store, name) for name in NAMES}


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_may_have_attributes_of_any_private_name(kind, tmp_path):
    base, make = KINDS[kind]

    class Mine(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            set_all(self, mine)

    mine = threading.Lock()  # not re-entrant: if it were used as ours, that would be a deadlock
    store = make(Mine, tmp_path)
    works(store)
    assert get_all(store) == {mine}


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_may_set_them_before_the_constructor_runs(kind, tmp_path):
    base, make = KINDS[kind]

    class Mine(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any) -> None:
            set_all(self, mine)
            super().__init__(*args)

    mine = object()
    store = make(Mine, tmp_path)
    works(store)
    assert get_all(store) == {mine}


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_may_have_methods_of_any_private_name(kind, tmp_path):
    base, make = KINDS[kind]
    calls: list[object] = []
    methods = dict.fromkeys(NAMES, lambda *args, **_: calls.append(args))
    works(make(type("Mine", (base,), methods), tmp_path))
    assert calls == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_instance_of_the_store_itself_may_too(kind, tmp_path):
    base, make = KINDS[kind]
    store = make(base, tmp_path)
    set_all(store, object())
    works(store)


def test_a_copy_of_a_durable_store_works_with_them(tmp_path):
    class Mine(SQLiteEventStore):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            set_all(self, object())

    works(copy.copy(Mine(tmp_path / "events.db")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_has_one_attribute_of_its_own(kind, tmp_path):
    base, make = KINDS[kind]
    assert list(vars(make(base, tmp_path))) == [f"_{base.__name__}__store"]


class OwnEverything(InMemoryEventStore):
    """Does not call the constructor of its base class."""

    def __init__(self, *_: Any) -> None:
        self.events: list[Any] = []
        self.size = lambda: len(self.events)  # type: ignore[method-assign]

    def add_event(self, payload: Any) -> bool:
        self.events.append(payload)
        return True

    def get_events_batch(self) -> Any:
        batch, self.events = self.events, []
        return batch

    def cleanup(self, batch: Any, need_retry: bool) -> None:
        self.events[:0] = batch if need_retry else []


def test_a_subclass_need_not_call_the_constructor_of_the_store():
    store = OwnEverything()
    works(store)
    reset_after_fork(store)
