"""Retry-After: no request is sent earlier, whoever wants to send."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest
import requests

from snowplow_tracker import AsyncEmitter, Emitter, Tracker
from snowplow_tracker._http.status import retry_after

KINDS = [Emitter, AsyncEmitter]
METHODS = ["post", "get"]


def busy(seconds: object, status: int = 503) -> Any:
    return status, {"Retry-After": str(seconds)}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("0", 0), ("7", 7), (" 7 ", 7), ("600", 600), ("86400", 600), ("9" * 400, 600)),
        *((text, None) for text in ("", " ", "-1", "1.5", "1e3", "soon", "٣", "Mon, 32 Foo")),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 600),
    ],
)
def test_it_holds_seconds_or_a_date(text, seconds):
    assert retry_after({"Retry-After": text}) == seconds


def test_a_date_counts_from_now():
    date = formatdate(time.time() + 90, usegmt=True)
    assert retry_after({"Retry-After": date}) == pytest.approx(90, abs=2)
    assert retry_after({}) is None


@pytest.mark.parametrize("away", [-86_400, 86_400])
def test_a_date_counts_by_the_collectors_clock_where_it_tells(away):
    now = time.time() + away
    headers = {
        "Date": formatdate(now, usegmt=True),
        "Retry-After": formatdate(now + 5, usegmt=True),
    }
    assert retry_after(headers) == pytest.approx(5, abs=1)


@pytest.mark.parametrize(
    ("kind", "method", "status"),
    [
        (Emitter, "post", 429),
        (AsyncEmitter, "post", 503),
        (Emitter, "get", 503),
        (AsyncEmitter, "get", 500),
    ],
)
def test_nobody_sends_before_and_then_all_goes_by_itself(
    server, track, until, kind, method, status
):
    server.script.append(busy(1, status))
    emitter = kind(server.url, method=method, batch_size=2, max_retry_delay_seconds=0.02)
    tracker = Tracker("ns", emitter)
    started = time.monotonic()
    track(tracker, *range(2))
    server.wait_for(1)
    emitter.set_flush_timer(0.05)
    track(tracker, *range(6))
    tracker.flush().flush(is_async=True)
    until(lambda: emitter.stats()["sent"] == 8)
    assert time.monotonic() - started >= 1
    assert len(server.requests) <= (2 if method == "post" else 9)
    emitter.close()


def test_a_cancelled_retry_timer_does_not_lift_it(server, track):
    server.script.append(busy(100))
    emitter = Emitter(server.url, batch_size=1)
    track(Tracker("ns", emitter), "a")
    emitter.retry_timer.cancel()
    emitter.flush()
    assert len(server.requests) == 1


def test_the_delay_is_the_larger_of_both(server, track):
    server.script.extend([busy(100), busy(1)])
    cautious = Emitter(server.url, batch_size=1)
    track(Tracker("ns", cautious), "a")
    assert 99 < cautious.retry_delay <= 100
    slow = Emitter(server.url, batch_size=1, max_retry_delay_seconds=1000)
    slow.retry_delay = 500
    track(Tracker("ns", slow), "a")
    assert slow.retry_delay >= 500


@pytest.mark.parametrize("status", [200, 400])
def test_it_means_nothing_where_nothing_is_retried(server, track, status):
    server.script.append(busy(100, status))
    tracker = Tracker("ns", Emitter(server.url, batch_size=1))
    track(tracker, "a", "b")
    assert server.labels() == ["a", "b"]


def test_get_stops_at_it(server, track):
    server.script.extend([200, busy(100)])
    emitter = Emitter(server.url, method="get", batch_size=4)
    track(Tracker("ns", emitter), *range(4))
    assert len(server.requests) == 2
    assert (emitter.stats()["sent"], emitter.stats()["queued"]) == (1, 3)


def test_that_of_a_response_from_an_overridden_http_post_counts(track):
    class Own(Emitter):
        def http_post(self, _data):
            response = requests.Response()
            response.status_code = 429
            response.headers["Retry-After"] = "100"
            return response

    emitter = Own("http://127.0.0.1:9", batch_size=1)
    track(Tracker("ns", emitter), "a")
    assert 99 < emitter.retry_delay <= 100


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_closing_meanwhile_sends_nothing_and_says_so(server, track, logged, kind, method):
    server.script.append(busy(100))
    emitter = kind(server.url, method=method, batch_size=2)
    track(Tracker("ns", emitter), *range(2))
    server.wait_for(1)
    emitter.sync_flush()
    started = time.monotonic()
    emitter.close()
    assert time.monotonic() - started < 1
    assert len(server.requests) == 1
    pattern = r"2 events were not delivered: HTTP 503, .* again in (99|100) s .*Retry-After"
    assert logged(pattern) == 1
