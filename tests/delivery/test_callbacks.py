"""Callbacks: their arguments, when they are called, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = [Emitter, AsyncEmitter]
FAR = 1000


def recorder(calls: list[Any]) -> Callable[..., None]:
    return lambda *arguments: calls.append(arguments)


def test_on_success_gets_the_events_of_each_request_as_sent(server, track):
    calls: list[tuple[list[dict[str, str]]]] = []
    emitter = Emitter(server.url, batch_size=2, on_success=recorder(calls))
    ids = track(Tracker("ns", emitter), *range(4))
    assert [[event["eid"] for event in events] for (events,) in calls] == [ids[:2], ids[2:]]
    assert [events for (events,) in calls] == [request.events for request in server.requests]


def test_on_failure_gets_zero_and_the_events_at_every_failed_attempt(server, track, until):
    calls: list[tuple[int, list[dict[str, str]]]] = []
    server.script.extend([503, 500, 200])
    emitter = Emitter(
        server.url, batch_size=2, on_failure=recorder(calls), max_retry_delay_seconds=0.02
    )
    track(Tracker("ns", emitter), "a", "b")
    until(lambda: emitter.stats()["sent"] == 2)
    assert [n_sent for n_sent, _ in calls] == [0, 0]
    assert [events for _, events in calls] == [request.events for request in server.requests[:2]]


@pytest.mark.parametrize("method", ["post", "get"])
def test_on_failure_is_called_for_what_is_given_up(server, track, method):
    calls: list[tuple[int, list[dict[str, str]]]] = []
    server.otherwise = 400
    emitter = Emitter(server.url, method=method, batch_size=2, on_failure=recorder(calls))
    track(Tracker("ns", emitter), "a", "b")
    [(n_sent, events)] = calls
    assert (n_sent, [event["se_la"] for event in events]) == (0, ["a", "b"])


def test_get_calls_back_once_a_flush_with_the_types_as_given(server):
    calls: list[tuple[list[dict[str, object]]]] = []
    emitter = Emitter(server.url, method="get", batch_size=2, on_success=recorder(calls))
    emitter.input({"e": "se", "dtm": 5, "se_va": 1.5})
    emitter.input({"e": "se", "dtm": 6})
    [(events,)] = calls
    assert [(event["dtm"], event.get("se_va")) for event in events] == [(5, 1.5), (6, None)]
    assert all("stm" in event for event in events)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("status", [200, 503])
def test_an_exception_out_of_a_callback_is_logged_and_goes_no_further(
    server, track, logged, kind, method, status
):
    def fail(*_):
        raise KeyError("mine")

    server.script.append(status)
    callbacks = {"on_success": fail, "on_failure": fail}
    emitter = kind(server.url, method=method, max_retry_delay_seconds=0.02, **callbacks)
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()
    assert logged("callback") >= 1
    emitter.close()
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_an_on_failure_that_puts_events_back_does_not_double_them(
    server, track, until, kind, method
):
    def put_back(_n_sent, events):
        for event in events:
            emitter.input(event)

    server.script.extend([503] * 4)
    emitter = kind(
        server.url, method=method, batch_size=2, on_failure=put_back, max_retry_delay_seconds=0.02
    )
    track(Tracker("ns", emitter), "a", "b")
    until(lambda: emitter.stats()["sent"] == 2)
    emitter.sync_flush()
    stats = emitter.stats()
    assert (stats["tracked"], stats["sent"], stats["queued"]) == (2, 2, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("status", [503, 400])
def test_failed_events_kept_by_the_program_may_be_put_back_later(
    server, track, kind, method, status
):
    failed: list[dict[str, str]] = []
    server.otherwise = status
    emitter = kind(server.url, method=method, batch_size=2, max_retry_delay_seconds=FAR)
    emitter.on_failure = lambda _n_sent, events: failed.extend(events)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    emitter.sync_flush()
    assert [event["se_la"] for event in failed] == ["a", "b"]
    server.otherwise = 200
    emitter.retry_timer.cancel()
    for event in failed:
        emitter.input(event)
    emitter.sync_flush()
    assert emitter.stats()["sent"] == 2
    assert len(server.requests) == (2 if method == "post" else 4)


def test_events_given_up_may_be_put_back(server, track):
    def put_back(_n_sent, events):
        for event in events:
            emitter.input(event)

    server.script.append(400)
    emitter = Emitter(server.url, batch_size=1, on_failure=put_back)
    track(Tracker("ns", emitter), "a")
    assert len(server.requests) == 1
    emitter.flush()
    assert server.labels() == ["a", "a"]


def test_of_a_get_flush_what_was_given_up_may_be_put_back(server, track):
    def put_back(_n_sent, events):
        for event in events:
            emitter.input(event)

    server.script.extend([400, 503])
    emitter = Emitter(
        server.url, method="get", batch_size=2, on_failure=put_back, max_retry_delay_seconds=FAR
    )
    track(Tracker("ns", emitter), "given up", "retried")
    assert sorted(e["se_la"] for e in emitter.buffer) == ["given up", "retried"]


@pytest.mark.parametrize("method", ["post", "get"])
def test_an_event_that_got_through_after_a_retry_may_be_put_in_again(server, until, method):
    server.script.append(503)
    emitter = Emitter(
        server.url,
        method=method,
        batch_size=1,
        on_failure=lambda *_: None,
        max_retry_delay_seconds=0.02,
    )
    emitter.input({"e": "pv", "eid": "one"})
    until(lambda: emitter.stats()["sent"] == 1)
    emitter.input({"e": "pv", "eid": "one"})
    assert emitter.stats()["sent"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_flushing_in_a_callback_does_not_hang(server, track, kind):
    def flush(*_):
        emitter.flush()
        emitter.sync_flush()
        emitter.async_flush()

    emitter = kind(server.url, batch_size=1, on_success=flush)
    track(Tracker("ns", emitter), *range(3))
    emitter.sync_flush()
    assert emitter.stats()["sent"] == 3
