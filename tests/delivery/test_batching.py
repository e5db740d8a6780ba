"""When an emitter sends, and how events are divided into requests."""

from __future__ import annotations

import datetime as dt
import decimal
import threading
import urllib.parse
from typing import Any

import pytest

from snowplow_tracker import (
    Emitter,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
)

LARGEST_BODY = 999_999


def test_the_tenth_event_sends_all_ten_before_track_returns(server, track):
    tracker = Tracker("ns", Emitter(server.url))
    track(tracker, *range(9))
    assert server.requests == []
    track(tracker, 9)
    assert len(server.requests) == 1
    assert server.labels() == [str(n) for n in range(10)]


def test_the_request_and_its_callback_run_on_the_thread_that_tracks(server, track):
    threads = []
    emitter = Emitter(
        server.url,
        batch_size=1,
        on_success=lambda _: threads.append(threading.current_thread()),
    )
    track(Tracker("ns", emitter), "a")
    assert threads == [threading.current_thread()]


def test_get_sends_each_event_in_a_request_of_its_own(server, track):
    ids = track(Tracker("ns", Emitter(server.url, method="get")), "a", "b")
    queries = [urllib.parse.urlsplit(request.target).query for request in server.requests]
    fields = [dict(urllib.parse.parse_qsl(query)) for query in queries]
    assert [(event["eid"], event["se_la"]) for event in fields] == list(zip(ids, "ab", strict=True))


@pytest.mark.parametrize("name", ["batch_size", "buffer_size"])
def test_a_batch_has_the_given_size(server, track, name):
    size: dict[str, Any] = {name: 3}
    tracker = Tracker("ns", Emitter(server.url, **size))
    track(tracker, *range(7))
    assert [len(request.events) for request in server.requests] == [3, 3]


def test_a_batch_size_set_later_holds(server, track):
    emitter = Emitter(server.url, batch_size=100)
    tracker = Tracker("ns", emitter)
    track(tracker, 1)
    emitter.batch_size = 2
    track(tracker, 2)
    assert server.labels() == ["1", "2"]


def test_get_in_batches_waits_for_the_batch(server, track):
    tracker = Tracker("ns", Emitter(server.url, method="get", batch_size=3))
    track(tracker, 1, 2)
    assert server.requests == []
    track(tracker, 3)
    assert len(server.requests) == 3


def test_a_byte_limit_is_a_threshold(server):
    event = {"e": "se", "se_la": "a"}
    size = len(str(event))
    emitter = Emitter(server.url, batch_size=1000, byte_limit=3 * size)
    for _ in range(4):
        emitter.input(event)
    assert [len(request.events) for request in server.requests] == [3]
    assert emitter.bytes_queued == size


def test_what_exceeds_a_byte_limit_goes_in_one_request(server, track):
    emitter = Emitter(server.url, batch_size=1000, byte_limit=2_000)
    track(Tracker("ns", emitter), *range(40))
    emitter.flush()
    assert len(server.requests) < 40 / 3
    assert all(len(request.body) > 2_000 for request in server.requests[:-1])


def test_bytes_queued_grows_with_input_and_is_nothing_after_a_flush(server):
    emitter = Emitter(server.url, byte_limit=5_000)
    event = {"e": "pv", "n": 1}
    emitter.input(event)
    emitter.input(event)
    assert emitter.bytes_queued == 2 * len(str(event))
    emitter.flush()
    assert emitter.bytes_queued == 0
    assert Emitter(server.url).bytes_queued is None


@pytest.mark.parametrize("text", ["x" * 1000, "ä" * 500, '"' * 500, "😀" * 250])
def test_a_big_flush_leaves_in_order_in_bodies_below_the_collectors_limit(server, text):
    tracker = Tracker("ns", Emitter(server.url, batch_size=10_000))
    for n in range(2_500):
        tracker.track(StructuredEvent("c", text, label=str(n)))
    tracker.flush()
    assert len(server.requests) > 1
    assert max(len(request.body) for request in server.requests) <= LARGEST_BODY
    assert server.labels() == [str(n) for n in range(2_500)]


def test_dicts_leave_in_order_in_bodies_below_the_limit_too(server):
    emitter = Emitter(server.url, batch_size=10_000)
    for n in range(300):
        emitter.input({"e": "se", "se_la": n, "x": "y" * 10_000})
    emitter.flush()
    assert max(len(request.body) for request in server.requests) <= LARGEST_BODY
    assert server.labels() == [str(n) for n in range(300)]


def test_an_event_too_large_for_any_request_is_given_up_and_the_next_ones_go(server, track, logged):
    failures = []
    emitter = Emitter(server.url, batch_size=3, on_failure=lambda *args: failures.append(args))
    tracker = Tracker("ns", emitter)
    track(tracker, "before", "x" * 1_100_000, "after")
    assert server.labels() == ["before", "after"]
    [(n_sent, [event])] = failures
    assert (n_sent, len(event["se_la"])) == (0, 1_100_000)
    assert logged("too large")
    stats = emitter.stats()
    assert (stats["sent"], stats["rejected"], stats["queued"]) == (2, 1, 0)


def test_a_get_event_too_long_for_a_request_line_goes_as_a_post(collector, snowplow):
    tracker = Tracker("ns", Emitter(collector.url, method="get", max_retry_delay_seconds=0.05))
    for length in (30_000, 5):
        text = SelfDescribingJson("iglu:com.acme/text/jsonschema/1-0-0", {"text": "x" * length})
        tracker.track(SelfDescribing(text))
    snowplow.assert_tracked(schema="com.acme/text", data={"text": str}, count=2, timeout=3)
    versions = {row["rawEvent"]["api"]["version"] for row in collector.journal.good()}
    assert versions == {"tp2", "tp1"}


def test_flush_sends_what_is_stored_and_then_there_is_nothing_to_send(server, track):
    tracker = Tracker("ns", Emitter(server.url))
    track(tracker, *range(3))
    assert tracker.flush() is tracker
    assert tracker.flush(is_async=True) is tracker
    assert [len(request.events) for request in server.requests] == [3]


def test_an_event_from_an_on_success_callback_needs_no_further_call(server, track):
    def confirm(_events):
        if len(confirmed) < 1:
            confirmed.append(track(tracker, "receipt"))

    confirmed: list[object] = []
    tracker = Tracker("ns", Emitter(server.url, batch_size=1, on_success=confirm))
    track(tracker, "order")
    assert server.labels() == ["order", "receipt"]


ODD: dict[object, Any] = {
    "number": 1,
    "amount": decimal.Decimal("1.20"),
    "flag": True,
    "day": dt.date(2020, 1, 2),
    "bytes": b"x",
    "list": [],
    "dict": {"k": 1},
    5: "name",
    "none": None,
    "empty": "",
    "nan": float("nan"),
    "infinite": float("inf"),
}


@pytest.mark.parametrize("as_dict", [True, False])
def test_whatever_comes_in_as_a_dict_leaves_as_text_and_never_empty(server, as_dict):
    emitter = Emitter(server.url, batch_size=1)
    if as_dict:
        assert emitter.buffer == []
    emitter.input(ODD)  # type: ignore[arg-type]
    [event] = server.requests[0].events
    assert event.pop("stm").isdecimal()
    assert event == {
        "number": "1",
        "amount": "1.20",
        "flag": "True",
        "day": "2020-01-02",
        "bytes": "b'x'",
        "list": "[]",
        "dict": "{'k': 1}",
        "5": "name",
    }
