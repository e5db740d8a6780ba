"""Constructors reject invalid arguments at the call, and name the parameter."""

from __future__ import annotations

import collections
import logging
import math
import threading
import types
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from http import HTTPStatus
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
import requests
from urllib3 import Timeout

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    EmitterConfiguration,
    InMemoryEventStore,
    Snowplow,
    SQLiteEventStore,
    Tracker,
    disable_contracts,
    enable_contracts,
)

LOGGER = logging.getLogger("mine")
A_STORE = MagicMock(**{"size.return_value": 0})
COUNTS = ("batch_size", "buffer_size", "byte_limit", "buffer_capacity")
TIMES = ("max_retry_delay_seconds", "exit_timeout", "block_timeout")


class Size(IntEnum):
    SMALL = 3


class Index:
    def __index__(self) -> int:
        return 3


class OfFunctions:
    """What may be given as a class: its functions need no object of it."""

    @staticmethod
    def post(*_: object, **__: object) -> int:
        return 200

    @classmethod
    def get(cls, *_: object, **__: object) -> int:
        return 200


NO_COUNTS: tuple[Any, ...] = (
    "10",
    b"10",
    "",
    -1,
    2.5,
    math.nan,
    True,
    False,
    [],
    Decimal(10),
    object(),
    1j,
)
NO_TIMES: tuple[Any, ...] = (
    "5",
    b"5",
    "",
    None,
    -1,
    -0.1,
    math.nan,
    True,
    [5],
    (5, 5),
    object(),
    1j,
)
NO_TIMEOUTS: tuple[Any, ...] = (
    "5",
    0,
    -1,
    math.nan,
    True,
    [1, 2],
    (),
    (1,),
    (1, 2, 3),
    (1, "2"),
    (0, 2),
    object(),
)
WRONG: list[tuple[str, Any]] = [
    *((name, value) for name in COUNTS for value in NO_COUNTS),
    *((name, value) for name in TIMES for value in NO_TIMES),
    *(("request_timeout", value) for value in NO_TIMEOUTS),
    *(("port", value) for value in ("x", "80a", "-1", -1, 70_000, "70000", 80.0, True, [80])),
    *(
        (name, value)
        for name in ("on_success", "on_failure")
        for value in (5, False, "print", [print])
    ),
    *(("custom_retry_codes", value) for value in (5, [], [(500, True)], "500", {"500": True})),
    *(("event_store", value) for value in (5, "events.db", [], InMemoryEventStore, object())),
    *(("session", value) for value in (5, "x", False, requests.Session, types.SimpleNamespace())),
    *(("endpoint", value) for value in (None, 5, b"host", "")),
]
RIGHT: list[tuple[str, Any]] = [
    *((name, value) for name in COUNTS for value in (0, 3, Size.SMALL, np.int64(3), Index())),
    *((name, value) for name in COUNTS for value in (3.0, 1e6, np.float64(3), math.inf, 10**30)),
    *((name, None) for name in COUNTS),
    *((name, value) for name in TIMES for value in (0, 0.5, 60, np.int8(3), np.float32(3))),
    *((name, value) for name in TIMES for value in (Fraction(1, 2), Decimal("0.5"), math.inf)),
    *(("request_timeout", value) for value in (None, 5, 0.5, (1, 2.5), (None, 2), (1, None))),
    *(("request_timeout", value) for value in (np.float32(3), math.inf, Timeout(3))),
    *(("port", value) for value in (None, "", 0, 8080, "8080", 65_535, np.uint16(80), Index())),
    *((name, value) for name in ("on_success", "on_failure") for value in (None, print, Index)),
    *(
        ("custom_retry_codes", value)
        for value in (None, {}, {500: True, -1: 0}, {HTTPStatus.OK: 1})
    ),
    ("custom_retry_codes", types.MappingProxyType({np.int64(500): True})),
    ("custom_retry_codes", collections.defaultdict(bool)),
    *(("event_store", value) for value in (None, InMemoryEventStore(LOGGER), A_STORE)),
    *(("session", value) for value in (None, requests, OfFunctions, OfFunctions(), MagicMock())),
]


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_an_emitter_names_what_it_cannot_take(kind: Any, name: str, value: Any):
    with pytest.raises(ValueError, match=f"^{name} must be [^:]+: ") as raised:
        kind(**{"endpoint": "127.0.0.1", name: value})
    assert str(raised.value).endswith(f": {value!r}")


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_an_emitter_takes_whatever_can_be_used(kind: Any, name: str, value: Any):
    kind(**{"endpoint": "127.0.0.1", "protocol": "http", name: value}).close()


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True, []])
def test_threads_are_a_number_of_them(value):
    with pytest.raises(ValueError, match=r"^thread_count must be a whole number of at least 1: "):
        AsyncEmitter("127.0.0.1", thread_count=value)


def test_threads_may_be_any_type_of_integer(server, track, until):
    count: Any = np.int64(2)
    emitter = AsyncEmitter(server.url, thread_count=count, batch_size=1)
    track(Tracker("ns", emitter), "a")
    until(lambda: server.labels() == ["a"])


@pytest.mark.parametrize("value", [2, 2.0, np.int64(2), np.float64(2)])
@pytest.mark.parametrize("name", ["batch_size", "buffer_size", "buffer_capacity"])
def test_a_count_of_any_type_counts(server, track, name, value):
    tracker = Tracker("ns", Emitter(server.url, **{name: value}))
    track(tracker, "a")
    assert server.labels() == []
    track(tracker, "b")
    assert server.labels() == ["a", "b"]


@pytest.mark.parametrize("value", [1e3, np.int64(1000), math.inf, 0])
def test_a_byte_limit_of_any_type_sends(server, track, value):
    with Emitter(server.url, byte_limit=value) as emitter:
        track(Tracker("ns", emitter), *range(9))
    assert server.labels() == [str(n) for n in range(9)]
    assert all(len(request.events) < 9 for request in server.requests) is bool(value < math.inf)


@pytest.mark.parametrize(
    "value", [5, np.float32(5), Decimal(5), (np.int64(5), Fraction(5)), math.inf]
)
def test_a_time_out_of_any_type_is_one(server, track, value):
    with Emitter(server.url, request_timeout=value, exit_timeout=math.inf) as emitter:
        track(Tracker("ns", emitter), "a")
    assert server.labels() == ["a"]


@pytest.mark.parametrize("given", [int, str, np.int32])
def test_a_port_of_any_type_is_one(server, track, given):
    port = given(server.server_address[1])
    track(Tracker("ns", Emitter("127.0.0.1", "http", port, batch_size=1)), "a")
    assert server.labels() == ["a"]


def test_waiting_for_ever_for_room_ends_when_there_is_some(server, track):
    server.script.append(503)
    emitter = Emitter(
        server.url,
        buffer_capacity=1,
        when_full="block",
        block_timeout=math.inf,
        max_retry_delay_seconds=0.02,
    )
    track(Tracker("ns", emitter), "a", "b")
    assert server.labels() == ["a", "a", "b"]


def test_what_was_refused_leaves_nothing_behind():
    before = threading.active_count()
    for value in ("x", 5):
        with pytest.raises(ValueError, match=r"^session "):
            AsyncEmitter("127.0.0.1", session=value)
    assert threading.active_count() == before


def test_what_is_no_contract_holds_without_contracts_too():
    disable_contracts()
    try:
        with pytest.raises(ValueError, match=r"^batch_size "):
            Emitter("127.0.0.1", batch_size="10")  # type: ignore[arg-type]
    finally:
        enable_contracts()


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, value in WRONG if name in TIMES or "on_" in name]
)
def test_a_configuration_is_refused_when_its_emitter_is_made_at_the_latest(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be "):
        Snowplow.create_tracker(
            "ns", "127.0.0.1", emitter_config=EmitterConfiguration(**{name: value})
        )
    assert Snowplow.get_tracker("ns") is None


@pytest.mark.parametrize("value", [*NO_COUNTS, None])
def test_a_store_in_memory_names_what_it_cannot_take(value):
    with pytest.raises(ValueError, match=r"^buffer_capacity must be a whole number"):
        InMemoryEventStore(LOGGER, value)


@pytest.mark.parametrize("value", [2, 2.0, np.int64(2), np.float64(2)])
def test_a_store_in_memory_holds_a_number_of_any_type(value):
    store = InMemoryEventStore(LOGGER, value)
    assert [store.add_event({"e": "pv"}) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("value", ["mine", 5, logging.Logger])
def test_a_store_in_memory_wants_a_logger(value):
    with pytest.raises(ValueError, match=r"^logger must be an object with error: "):
        InMemoryEventStore(value)


def test_a_store_without_a_logger_logs_as_this_package(logged):
    store = InMemoryEventStore(None, 0)  # type: ignore[arg-type]
    assert store.add_event({"e": "pv"}) is False
    assert logged("the store is full") == 1


@pytest.mark.parametrize("value", [None, 5, b"events.db", [], "a\0b"])
def test_a_store_in_a_file_wants_a_path(value):
    with pytest.raises(ValueError, match=r"^path cannot be opened, .*: "):
        SQLiteEventStore(value)


@pytest.mark.parametrize("kind", [int, np.int64, np.uint32])
def test_a_store_in_a_file_takes_any_type_of_integer(tmp_path, kind):
    store = SQLiteEventStore(tmp_path / "events.db", kind(1), kind(2**20), claim_timeout=kind(9))
    assert [store.add_event({"e": "pv"}) for _ in range(2)] == [True, False]
