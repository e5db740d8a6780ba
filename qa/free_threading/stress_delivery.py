"""Emitters that are flushed, closed and emptied while threads track."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker

TIMES, ROUNDS = 100, 12
KINDS = [(Emitter, {}), (AsyncEmitter, {"thread_count": 4}), (AsyncEmitter, {"thread_count": 1})]


def labels(events: list[dict[str, str]]) -> list[int]:
    return sorted(int(event["se_la"]) for event in events)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_closing_while_threads_track_accounts_for_each_event(crowd, make_sent, kind, options):
    """Each event is sent, or counted as refused: tracked = sent + dropped."""
    sent = make_sent(kind, batch_size=3, **options)
    tracker = Tracker("ns", sent.emitter)
    crowd.add(lambda n: tracker.track(StructuredEvent("a", "b", str(n))), TIMES)
    crowd.run(lambda number: sent.emitter.close(5) if number == 3 else None)
    sent.emitter.close()
    stats = sent.emitter.stats()
    assert stats["sent"] + stats["dropped"] == stats["tracked"] == TIMES * 8
    assert len(set(labels(sent.events))) == len(sent.events) == stats["sent"]


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_threads_flush_and_close_at_once(make_sent, kind, options):
    for _ in range(ROUNDS):
        sent = make_sent(kind, batch_size=10**6, **options)
        tracker = Tracker("ns", sent.emitter)
        barrier = threading.Barrier(3)

        def end(how, barrier=barrier):
            barrier.wait()
            how()

        for number in range(TIMES):
            tracker.track(StructuredEvent("a", "b", str(number)))
        ends = (tracker.flush, sent.emitter.flush, sent.emitter.close)
        threads = [threading.Thread(target=end, args=(how,)) for how in ends]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        assert labels(sent.events) == list(range(TIMES))


def test_every_wake_of_the_workers_counts(make_sent):
    """An event that comes just as a worker ends its round is sent without another one."""
    sent = make_sent(AsyncEmitter, batch_size=1, thread_count=4)
    tracker = Tracker("ns", sent.emitter)
    arrived = threading.Condition()
    keep = sent.emitter.http_post

    def post(body):
        status = keep(body)
        with arrived:
            arrived.notify_all()
        return status

    sent.emitter.http_post = post
    for number in range(TIMES * 10):
        tracker.track(StructuredEvent("a", "b", str(number)))
        with arrived:
            assert arrived.wait_for(partial(has_more_than, sent, number), 10)
    sent.emitter.close()


def has_more_than(sent, number):
    return len(sent.bodies) > number


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_failures_come_between(crowd, make_sent, kind, options):
    """Every third request fails: its events come back and are sent later, each once."""
    sent = make_sent(kind, 200, 503, 200, batch_size=5, max_retry_delay_seconds=0.001, **options)
    told: list[int] = []
    sent.emitter.on_success = lambda events: told.extend(int(event["se_la"]) for event in events)
    tracker = Tracker("ns", sent.emitter)
    crowd.add(lambda n: tracker.track(StructuredEvent("a", "b", str(n))), TIMES)
    crowd.run(lambda number: tracker.flush() if number % 20 == 0 else None)
    while sent.emitter.stats()["sent"] < TIMES * 8:
        tracker.flush()
    sent.emitter.close()
    sent.check_each_arrived_once(range(TIMES * 8))
    assert sorted(told) == list(range(TIMES * 8))


def test_a_full_buffer_counts_each_event_that_it_refuses(crowd):
    emitter = Emitter("127.0.0.1:9", batch_size=10**6, buffer_capacity=100)
    emitter.batch_size = 10**6
    tracker = Tracker("ns", emitter)
    crowd.add(lambda n: tracker.track(StructuredEvent("a", "b", str(n))), TIMES)
    crowd.run()
    stats = emitter.stats()
    assert (stats["queued"], stats["dropped"]) == (100, TIMES * 8 - 100)
    emitter.event_store.event_buffer.clear()  # type: ignore[attr-defined]
