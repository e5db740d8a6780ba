"""`RedisWorker`: from a list in a real Redis to a real collector."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import Emitter, RedisEmitter, RedisWorker, StructuredEvent, Tracker
from snowplow_tracker.redis._lists import _ProcessingList

if TYPE_CHECKING:
    from collections.abc import Iterator


def track(rdb: Any, *labels: str) -> None:
    tracker = Tracker("ns", RedisEmitter(rdb))
    for label in labels:
        tracker.track(StructuredEvent("shop", "add", label))


@contextmanager
def running(worker: RedisWorker) -> Iterator[None]:
    """Runs a worker beside the test."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield
    worker.request_shutdown()
    thread.join(20)
    assert not thread.is_alive()


class Inbox:
    """An emitter with the least that one needs."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def input(self, payload: dict[str, Any]) -> None:
        if payload["se_la"] == "poison":
            raise LookupError("poison")
        self.labels.append(payload["se_la"])


PROGRAM = """
import signal, sys
from redis import Redis
from snowplow_tracker import Emitter, RedisWorker
url, port = sys.argv[1:]
numbers = signal.SIGINT, signal.SIGTERM, signal.SIGQUIT
before = [signal.getsignal(number) for number in numbers]
emitter = Emitter(url, batch_size=100)
RedisWorker(emitter, Redis(port=int(port))).run()
assert [signal.getsignal(number) for number in numbers] == before
assert emitter.stats()["sent"] == 3
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_a_signal_ends_it_after_a_flush(redis_server, rdb, collector, until, labels, number):
    command = [sys.executable, "-c", PROGRAM, collector.url, str(redis_server.port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        track(rdb, "a", "b", "c")
        until(lambda: rdb.llen("snowplow") == 0)
        assert collector.journal.counts()["total"] == 0
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert labels(collector) == ["a", "b", "c"]


@pytest.mark.parametrize("decode_responses", [False, True])
def test_on_another_thread_it_runs_until_it_is_told_to_end(
    redis_server, rdb, collector, until, labels, decode_responses
):
    track(rdb, "a", "b")
    with redis_server.client(decode_responses=decode_responses) as client:
        emitter = Emitter(collector.url, batch_size=2)
        with running(RedisWorker(emitter, client)):
            collector.journal.wait_for(2)
            track(rdb, "c")
            until(lambda: rdb.llen("snowplow") == 0)
    assert labels(collector) == ["a", "b", "c"]


def test_what_is_no_event_is_logged_once_a_minute_and_skipped(rdb, collector, labels, caplog):
    track(rdb, "before")
    malformed = [b"{", b"\xff\xfe\xfd", b"", b"[1]", b"null", b"[" * 100_000]
    rdb.rpush("snowplow", *malformed)
    track(rdb, "after")
    with running(RedisWorker(Emitter(collector.url, batch_size=2), rdb)):
        collector.journal.wait_for(2)
    assert labels(collector) == ["after", "before"]
    skipped = [line for line in caplog.messages if line.startswith("Entry of snowplow skipped")]
    assert len(skipped) == 1
    assert len(skipped[0]) < 200


@pytest.mark.parametrize("entry", [b'{"uid": "user-4711"', b'["user-4711"]'])
def test_the_log_shows_nothing_of_an_entry(rdb, caplog, entry):
    rdb.rpush("snowplow", entry)
    RedisWorker(Emitter("127.0.0.1"), rdb).pop_payload()
    assert len(caplog.messages) == 1
    assert "4711" not in caplog.text


def test_an_emitter_that_fails_is_logged_and_the_next_event_is_handed_on(rdb, until, caplog):
    track(rdb, "before", "poison", "after")
    inbox = Inbox()
    with running(RedisWorker(inbox, rdb)):
        until(lambda: len(inbox.labels) == 2)
    assert inbox.labels == ["before", "after"]
    assert "LookupError" in caplog.text


def test_redis_may_be_away_for_a_while(redis_server, rdb, until, caplog):
    inbox = Inbox()
    track(rdb, "before")
    with running(RedisWorker(inbox, redis_server.client())):
        until(lambda: inbox.labels == ["before"])
        redis_server.stop()
        until(lambda: "Redis gives no events" in caplog.text)
        redis_server.start()
        track(rdb, "after")
        until(lambda: inbox.labels == ["before", "after"])


def test_an_empty_list_is_asked_for_about_once_a_second_and_delays_no_end():
    asked = []

    class Empty:
        def rpush(self, *_: Any) -> None: ...

        def lpop(self, *_: Any) -> None:
            asked.append(time.monotonic())
            if len(asked) == 2:
                worker.request_shutdown()

    worker = RedisWorker(Inbox(), Empty())
    worker.run()
    ended = time.monotonic()
    assert asked[1] - asked[0] > 0.5
    assert ended - asked[1] < 0.5


def test_it_may_be_told_to_end_before_it_runs_and_run_again(rdb, until):
    track(rdb, "a")
    inbox = Inbox()
    worker = RedisWorker(inbox, rdb)
    worker.request_shutdown(signal.SIGTERM, None)
    worker.run()
    assert inbox.labels == []
    with running(worker):
        until(lambda: inbox.labels == ["a"])


def test_single_steps_of_a_loop_of_the_programs_own(rdb):
    inbox = Inbox()
    worker = RedisWorker(emitter=inbox, rdb=rdb, key="mine")
    rdb.rpush("mine", json.dumps({"se_la": "popped"}))
    worker.pop_payload()
    worker.send({"se_la": "sent"})
    assert inbox.labels == ["popped", "sent"]


def test_while_the_emitters_store_is_full_the_events_stay_in_redis(rdb, server, until):
    server.script.extend([503] * 3)
    track(rdb, *"abcdef")
    emitter = Emitter(server.url, batch_size=2, buffer_capacity=2, max_retry_delay_seconds=0.5)
    with running(RedisWorker(emitter, rdb)):
        server.wait_for(2)
        assert rdb.llen("snowplow") == 4
        until(lambda: emitter.stats()["sent"] == 6)
    assert emitter.stats()["dropped"] == 0


@pytest.mark.parametrize("kind", [LookupError, TimeoutError])
@pytest.mark.parametrize("place", ["take", "finish"])
def test_what_a_signal_handler_raises_ends_run_and_the_events_stay(
    rdb, server, monkeypatch, kind, place
):
    def handler(*_: Any) -> None:
        raise kind

    genuine = getattr(_ProcessingList, place)
    calls: list[Any] = []

    def interrupted(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        return genuine(*given)

    track(rdb, "a")
    worker = RedisWorker(Emitter(server.url), rdb)
    monkeypatch.setattr(_ProcessingList, genuine.__name__, interrupted)
    before = signal.signal(signal.SIGUSR1, handler)
    if place == "finish":
        worker.request_shutdown()
    try:
        with pytest.raises(kind):
            worker.run()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert rdb.llen("snowplow") == 1


def test_a_worker_whose_records_are_tracked_into_its_list_logs_no_more_of_them(rdb):
    class Refusing:
        def input(self, _payload: Any) -> None:
            raise LookupError

    class ToTracker(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            track(rdb, record.getMessage())

    worker, handler = RedisWorker(Refusing(), rdb), ToTracker()
    log = logging.getLogger("snowplow_tracker.redis.redis_worker")
    log.addHandler(handler)
    try:
        track(rdb, "a")
        while rdb.llen("snowplow"):
            worker.pop_payload()
    finally:
        log.removeHandler(handler)
