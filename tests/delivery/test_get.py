"""GET: each event has its own request and its own outcome."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

KINDS = [Emitter, AsyncEmitter]
FAR = 1000


def labels(server: Any) -> list[str]:
    return [parse_qs(urlsplit(request.target).query)["se_la"][0] for request in server.requests]


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_breaks_costs_its_own_event_alone(server, track, kind):
    failures = []
    server.script.extend([200, "cut", 200, "cut"])
    emitter = kind(
        server.url,
        method="get",
        batch_size=5,
        max_retry_delay_seconds=FAR,
        on_failure=lambda n_sent, events: failures.append((n_sent, [e["se_la"] for e in events])),
    )
    track(Tracker("ns", emitter), *"abcde")
    emitter.sync_flush()
    assert labels(server) == list("abcde")
    assert failures == [(3, ["b", "d"])]
    assert [event["se_la"] for event in emitter.buffer] == ["b", "d"]


@pytest.mark.parametrize("error", [requests.ConnectionError, ValueError])
def test_a_patched_get_that_raises_is_called_for_each_event(track, error):
    emitter = Emitter("127.0.0.1:9", method="get", batch_size=3, max_retry_delay_seconds=FAR)
    with mock.patch("snowplow_tracker.emitters.requests.get", side_effect=error) as get:
        track(Tracker("ns", emitter), *"abc")
    assert get.call_count == 3
    assert emitter.stats()["queued"] == 3


def test_a_collector_that_does_not_answer_is_not_waited_for_event_by_event(server, track):
    server.otherwise = "hang"
    emitter = Emitter(
        server.url, method="get", batch_size=30, request_timeout=0.4, max_retry_delay_seconds=FAR
    )
    started = time.monotonic()
    track(Tracker("ns", emitter), *range(30))
    assert time.monotonic() - started < 3
    assert 1 < len(server.requests) < 10
    assert [event["se_la"] for event in emitter.buffer] == [str(n) for n in range(30)]


def test_errors_that_are_not_retried_give_up_only_what_was_tried(server, track):
    server.script.extend(["cut", 200])
    emitter = Emitter(server.url, method="get", batch_size=2, custom_retry_codes={-1: False})
    track(Tracker("ns", emitter), "a", "b")
    stats = emitter.stats()
    assert (stats["rejected"], stats["sent"], stats["queued"]) == (1, 1, 0)
    assert not emitter.retry_timer.is_active()
