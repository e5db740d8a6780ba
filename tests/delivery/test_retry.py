"""Which failures are retried, and when; nothing is lost or reordered meanwhile."""

from __future__ import annotations

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker
from snowplow_tracker._delivery.circuit_breaker import Backoff

NEVER_RETRIED = [400, 401, 403, 410, 413, 422]  # 413 of a single event
RETRIED = [301, 304, 404, 405, 408, 409, 429, 500, 502, 503, 504, 599]
FAR = 1000  # seconds: the next attempt does not come within a test


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("status", NEVER_RETRIED)
def test_a_final_refusal_gives_the_events_up(server, track, logged, status, method):
    server.script.append(status)
    emitter = Emitter(server.url, method=method, batch_size=1)
    track(Tracker("ns", emitter), "a")
    assert not emitter.retry_timer.is_active()
    assert emitter.stats()["rejected"] == 1
    assert emitter.event_store.size() == 0
    assert logged(f"given up.*{status}") == 1


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("status", RETRIED)
def test_any_other_failure_keeps_the_events_for_later(server, track, status, method):
    server.script.append(status)
    emitter = Emitter(server.url, method=method, batch_size=1, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), "a")
    assert emitter.retry_timer.is_active()
    assert 0.5 <= emitter.retry_delay <= 1
    assert (emitter.stats()["queued"], emitter.stats()["retried"]) == (1, 1)
    emitter.retry_timer.cancel()


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_a_success_whatever_the_retry_codes_say(server, track, status):
    server.script.append(status)
    emitter = Emitter(server.url, batch_size=1, custom_retry_codes={status: True})
    track(Tracker("ns", emitter), "a")
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize(
    ("answer", "codes", "retried"),
    [(403, {403: True}, 1), (503, {503: False}, 0), ("cut", {-1: False}, 0), ("cut", {}, 1)],
)
def test_custom_retry_codes_win(server, track, answer, codes, retried):
    server.otherwise = answer
    emitter = Emitter(
        server.url, batch_size=1, custom_retry_codes=codes, max_retry_delay_seconds=FAR
    )
    track(Tracker("ns", emitter), "a")
    assert emitter.stats()["queued"] == retried
    assert emitter.stats()["rejected"] == 1 - retried
    emitter.retry_timer.cancel()


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize("method", ["post", "get"])
def test_events_outlast_a_collector_that_is_down(collector, track, kind, method):
    emitter = kind(collector.url, method=method, batch_size=2, max_retry_delay_seconds=0.05)
    tracker = Tracker("ns", emitter)
    collector.stop()
    try:
        ids = track(tracker, *range(5))
    finally:
        collector.start()
    emitter.close()
    collector.journal.wait_for(5)
    assert sorted(row["event"]["event_id"] for row in collector.journal.good()) == sorted(ids)


def test_a_busy_collector_gets_the_events_by_itself_when_it_is_back(server, track, until):
    server.script.extend([503, 503, 503])
    emitter = Emitter(server.url, batch_size=2, max_retry_delay_seconds=0.02)
    track(Tracker("ns", emitter), *range(2))
    until(lambda: emitter.stats()["sent"] == 2)
    assert [len(request.events) for request in server.requests] == [2, 2, 2, 2]
    assert emitter.retry_delay == 0
    assert emitter.stats()["retried"] == 6


def test_a_cut_connection_is_an_attempt_that_failed(server, track, until):
    server.script.append("cut")
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=0.02)
    track(Tracker("ns", emitter), "a")
    until(lambda: emitter.stats()["sent"] == 1)
    assert emitter.stats()["last_error"]


def test_an_answer_that_takes_too_long_is_an_attempt_that_failed(server, track, until):
    server.script.append("hang")
    emitter = Emitter(
        server.url, batch_size=1, max_retry_delay_seconds=0.02, request_timeout=(1, 0.1)
    )
    track(Tracker("ns", emitter), "a")
    until(lambda: emitter.stats()["sent"] == 1)
    assert emitter.request_timeout == (1, 0.1)


def test_while_a_retry_is_due_events_are_only_stored(server, track):
    server.script.append(503)
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=FAR)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(5))
    emitter.flush()
    emitter.sync_flush()
    tracker.flush()
    assert len(server.requests) == 1
    assert emitter.event_store.size() == 5
    emitter.retry_timer.cancel()


@pytest.mark.parametrize("as_dict", [True, False])
def test_retried_events_keep_their_order_and_get_a_new_stamp(server, track, until, as_dict):
    server.script.append(503)
    emitter = Emitter(server.url, batch_size=2, max_retry_delay_seconds=0.1)
    if as_dict:
        assert emitter.buffer == []
    tracker = Tracker("ns", emitter)
    track(tracker, *range(5))
    until(lambda: emitter.stats()["sent"] == 5)
    first, *later = server.requests
    assert [e["se_la"] for request in later for e in request.events] == [str(n) for n in range(5)]
    assert int(later[0].events[0]["stm"]) > int(first.events[0]["stm"])


@pytest.mark.parametrize("as_dict", [True, False])
def test_a_failure_amid_a_big_flush_leaves_the_rest_in_order(server, until, as_dict):
    server.script.extend([200, 503])
    emitter = Emitter(server.url, batch_size=1000, max_retry_delay_seconds=0.02, byte_limit=2_000)
    if as_dict:
        assert emitter.buffer == []
    for n in range(9):
        emitter.input({"e": "se", "se_la": str(n), "x": "y" * 500})
    emitter.flush()
    until(lambda: emitter.stats()["sent"] == 9)
    answered = [server.requests[0], *server.requests[2:]]
    assert [e["se_la"] for request in answered for e in request.events] == list("012345678")


def test_get_decides_event_by_event(server, track, until):
    server.script.extend([200, 400, 503, 200])
    failures, successes = [], []
    emitter = Emitter(
        server.url,
        method="get",
        batch_size=4,
        max_retry_delay_seconds=0.05,
        on_success=lambda events: successes.append([e["se_la"] for e in events]),
        on_failure=lambda n_sent, events: failures.append((n_sent, [e["se_la"] for e in events])),
    )
    track(Tracker("ns", emitter), *"abcd")
    until(lambda: emitter.stats()["sent"] == 3)
    assert successes == [["a", "d"], ["c"]]
    assert failures == [(2, ["b", "c"])]
    assert (emitter.stats()["rejected"], emitter.stats()["queued"]) == (1, 0)


def test_the_delay_stays_within_a_bound_that_doubles_up_to_the_cap():
    backoff = Backoff()
    for bound in (1, 2, 4, 8, 16, 32, 60, 60):
        assert bound / 2 <= backoff.grow(60) <= bound
    assert backoff.delay >= 30


def test_the_delay_is_random_and_starts_over_after_a_reset():
    assert len({Backoff().grow(60) for _ in range(20)}) > 10
    backoff = Backoff()
    backoff.grow(60)
    backoff.grow(60)
    backoff.reset()
    assert backoff.delay == 0
    assert backoff.grow(60) <= 1


@pytest.mark.parametrize("final", [200, 400])
def test_the_delay_starts_over_after_an_answer_that_is_not_retried(server, track, until, final):
    server.script.extend([503, 503, final])
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=0.02)
    track(Tracker("ns", emitter), "a")
    until(lambda: emitter.stats()["sent"] + emitter.stats()["rejected"] == 1)
    until(lambda: emitter.retry_delay == 0)


def test_a_cap_below_a_second_holds():
    backoff = Backoff()
    assert all(0.05 <= backoff.grow(0.1) <= 0.1 for _ in range(5))
