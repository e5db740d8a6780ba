"""413: a batch that is too large is sent again in halves."""

from __future__ import annotations

from typing import Any

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker
from snowplow_tracker._delivery.transport import MAX_BODY_BYTES, BodySize

KINDS = [Emitter, AsyncEmitter]
FAR = 1000


def takes(limit: int) -> Any:
    """A collector that takes bodies of so many bytes."""
    return lambda request: 200 if len(request.body) <= limit else 413


def emitter_of(kind: Any, server: Any, as_dict: bool, **settings: Any) -> Emitter:
    emitter: Emitter = kind(server.url, **{"max_retry_delay_seconds": FAR, **settings})
    if as_dict:
        assert emitter.buffer == []
    return emitter


def taken(server: Any, limit: int) -> list[str]:
    requests = [request for request in server.requests if len(request.body) <= limit]
    return [event["se_la"] for request in requests for event in request.events]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_dict", [True, False])
def test_every_event_gets_through_once_and_in_order(server, track, kind, as_dict):
    failures: list[Any] = []
    server.otherwise = takes(2_000)
    emitter = emitter_of(kind, server, as_dict, batch_size=100, on_failure=failures.append)
    ids = track(Tracker("ns", emitter), *range(100))
    emitter.sync_flush()
    assert taken(server, 2_000) == [str(n) for n in range(100)]
    good = [request for request in server.requests if len(request.body) <= 2_000]
    assert [event["eid"] for request in good for event in request.events] == ids
    stats = emitter.stats()
    assert (stats["sent"], stats["retried"], stats["queued"], failures) == (100, 0, 0, [])


@pytest.mark.parametrize("as_dict", [True, False])
def test_a_single_event_is_given_up_once_and_the_others_go(server, track, logged, as_dict):
    failures: list[Any] = []
    server.otherwise = takes(2_000)
    emitter = emitter_of(
        Emitter, server, as_dict, batch_size=9, on_failure=lambda *args: failures.append(args)
    )
    track(Tracker("ns", emitter), *range(4), "x" * 3_000, *range(5, 9))
    assert taken(server, 2_000) == [str(n) for n in (0, 1, 2, 3, 5, 6, 7, 8)]
    [(n_sent, [event])] = failures
    assert (n_sent, len(event["se_la"])) == (0, 3_000)
    assert logged("1 events given up: HTTP 413") == 1
    assert (emitter.stats()["sent"], emitter.stats()["rejected"]) == (8, 1)
    assert not emitter.retry_timer.is_active()


def test_the_smaller_bound_is_remembered(server, track):
    server.otherwise = takes(2_000)
    emitter = Emitter(server.url, batch_size=100)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(100))
    before = len(server.requests)
    track(tracker, *range(100))
    assert all(len(request.body) <= 2_000 for request in server.requests[before:])


@pytest.mark.parametrize("as_dict", [True, False])
@pytest.mark.parametrize("failure", [503, "cut"])
def test_a_failure_amid_the_halves_keeps_the_rest_in_order(server, track, until, as_dict, failure):
    server.script.extend([413, 413, 200, failure])
    emitter = emitter_of(Emitter, server, as_dict, batch_size=16, max_retry_delay_seconds=0.02)
    track(Tracker("ns", emitter), *range(16))
    until(lambda: emitter.stats()["sent"] == 16)
    answered = [server.requests[2], *server.requests[4:]]
    labels = [event["se_la"] for request in answered for event in request.events]
    assert labels == [str(n) for n in range(16)]
    assert emitter.stats()["in_flight"] == 0


def test_of_a_get_event_it_is_final(server, track):
    server.script.append(413)
    emitter = Emitter(server.url, method="get")
    track(Tracker("ns", emitter), "a")
    assert (emitter.stats()["rejected"], len(server.requests)) == (1, 1)


def test_an_overridden_http_post_is_asked_for_halves_too(server, track):
    class Picky(Emitter):
        taken = 0

        def http_post(self, data):
            count = data.count('"eid"')
            self.taken += count if count <= 2 else 0
            return 200 if count <= 2 else 413

    emitter = Picky(server.url, batch_size=10)
    track(Tracker("ns", emitter), *range(10))
    assert emitter.taken == emitter.stats()["sent"] == 10


def test_the_bound_grows_again_while_bodies_are_taken():
    limit = BodySize()
    limit.record_refused(800_000)
    limit.record_refused(400_000)
    assert limit.limit == 200_000
    for _ in range(100):
        limit.record_accepted()
    assert limit.limit == 400_000
    for _ in range(200):
        limit.record_accepted()
    assert limit.limit == MAX_BODY_BYTES
