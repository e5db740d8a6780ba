"""`RedisWorker` ends or is killed with events in hand: they are delivered, or in Redis again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis
from tests.extras.conftest import RedisServer

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    RedisEmitter,
    RedisWorker,
    SQLiteEventStore,
    StructuredEvent,
    Tracker,
)
from snowplow_tracker.redis import _lists

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = "http://127.0.0.1:9"


def track(rdb: Any, count: int, first: int = 0) -> list[str]:
    """Fill the list, and return the events' labels."""
    tracker = Tracker("ns", RedisEmitter(rdb))
    labels = [f"{number:04}" for number in range(first, first + count)]
    for label in labels:
        tracker.track(StructuredEvent("shop", "add", label))
    return labels


def waiting(rdb: redis.Redis) -> list[str]:
    """Return the labels of the events in the list."""
    return [json.loads(entry)["se_la"] for entry in rdb.lrange("snowplow", 0, -1)]


@contextmanager
def running(worker: RedisWorker) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.request_shutdown()
        thread.join(20)
    assert not thread.is_alive()


PROGRAM = """
import sys
from redis import Redis
from snowplow_tracker import AsyncEmitter, Emitter, RedisWorker
kind, url, port, decode = sys.argv[1:]
kind = {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}[kind]
emitter = kind(url, protocol="http", batch_size=10, max_retry_delay_seconds=0.3, exit_timeout=0.5)
RedisWorker(emitter, Redis(port=int(port), decode_responses=decode == "True")).run()
"""


@contextmanager
def program(server: RedisServer, url: str, kind: str = "Emitter", decode: bool = False) -> Any:
    command = [sys.executable, "-c", PROGRAM, kind, url, str(server.port), str(decode)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_ended_while_the_collector_is_down_it_puts_all_back_in_order(
    redis_server, rdb, until, kind, decode
):
    labels = track(rdb, 50)
    with program(redis_server, NOBODY, kind, decode) as process:
        until(lambda: rdb.llen("snowplow") < 50)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert waiting(rdb) == labels
    assert rdb.keys() == [b"snowplow"]


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_what_was_sent_before_is_not_put_back(redis_server, rdb, server, kind):
    server.script.append(200)
    server.otherwise = 503
    labels = track(rdb, 10)
    with program(redis_server, server.url, kind) as process:
        server.wait_for(1)
        labels += track(rdb, 50, first=10)
        server.wait_for(2)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    sent = server.requests[0].labels
    assert sent == labels[: len(sent)]
    assert waiting(rdb) == labels[len(sent) :]


def test_what_a_killed_worker_held_another_one_sends(redis_server, rdb, server, until, monkeypatch):
    monkeypatch.setattr(_lists, "_RENEWAL_SECONDS", 0.0)
    server.otherwise = "hang"
    labels = track(rdb, 15)
    with program(redis_server, server.url) as process:
        server.wait_for(1)
        process.kill()
        process.communicate(timeout=20)
    assert len(waiting(rdb)) < 15
    [life] = [key for key in rdb.scan_iter() if b":worker:" in key]
    assert 100 < rdb.ttl(life) <= 180
    server.otherwise = 200
    server.released.set()
    with running(RedisWorker(Emitter(server.url, batch_size=5), rdb)):
        until(lambda: rdb.llen("snowplow") == 0)
        rdb.delete(life)  # as if its time were over
        until(lambda: sorted(server.labels()[10:]) == labels)
    assert rdb.keys() == []


def test_a_worker_that_lives_keeps_what_it_holds(redis_server, rdb, server, until, monkeypatch):
    monkeypatch.setattr(_lists, "_RENEWAL_SECONDS", 0.0)
    labels = track(rdb, 10)
    server.script.append("hang")
    with running(RedisWorker(Emitter(server.url, batch_size=10), rdb)):
        server.wait_for(1)
        with redis_server.client() as client, running(RedisWorker(Emitter(server.url), client)):
            track(client, 1)
            until(lambda: client.llen("snowplow") == 0)
        assert server.requests[1].labels == ["0000"]
        server.released.set()
    assert len(server.requests[0].labels) == len(labels)


def test_a_worker_that_waits_for_the_collector_keeps_what_it_holds(rdb, server, until, monkeypatch):
    monkeypatch.setattr(_lists, "_RENEWAL_SECONDS", 0.0)
    monkeypatch.setattr("snowplow_tracker.redis.redis_worker._PAUSE_SECONDS", 0.01)
    track(rdb, 10)
    server.script.append((503, {"Retry-After": "60"}))
    emitter = Emitter(server.url, batch_size=5, exit_timeout=0.5)
    with running(RedisWorker(emitter, rdb)):
        server.wait_for(1)
        until(lambda: emitter.stats()["retried"] == 5)
        [life] = [key for key in rdb.scan_iter() if b":worker:" in key]
        rdb.delete(life)  # as if its time were over
        until(lambda: rdb.exists(life))
    assert len(waiting(rdb)) == 10


def test_a_worker_that_always_has_events_to_send_holds_few(rdb, server, monkeypatch, until):
    monkeypatch.setattr("snowplow_tracker.redis._taken._MAX_TAKEN", 20)
    track(rdb, 100)
    emitter = AsyncEmitter(server.url, protocol="http", batch_size=1_000)
    with running(RedisWorker(emitter, rdb)):
        until(lambda: emitter.stats()["sent"] == 100)
        assert [len(request.labels) for request in server.requests] == [20] * 5


@pytest.fixture
def older(tmp_path, request) -> Iterator[RedisServer]:
    """A server that does not know some commands."""
    import shutil  # noqa: PLC0415 - skipped without it

    path = shutil.which("redis-server")
    if path is None:
        pytest.skip("no redis-server here. Get it: apt install redis-server")
    server = RedisServer(path, tmp_path)
    for name in request.param:
        server._command += ["--rename-command", name, ""]
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("older", [["LMOVE"]], indirect=True)
def test_older_servers_keep_the_events_by_a_script(older, server):
    with older.client() as rdb:
        labels = track(rdb, 25)
        server.script.append(200)
        server.otherwise = 503
        with running(RedisWorker(Emitter(server.url, batch_size=10, exit_timeout=0.5), rdb)):
            server.wait_for(2)
            assert any(b":processing:" in key for key in rdb.scan_iter())
        assert waiting(rdb) == labels[10:]


@pytest.mark.parametrize("older", [["LMOVE", "EVAL"]], indirect=True)
def test_without_scripts_events_are_put_back_at_the_end(older, server, caplog):
    with older.client() as rdb:
        labels = track(rdb, 25)
        server.otherwise = 503
        with running(RedisWorker(Emitter(server.url, batch_size=10, exit_timeout=0.5), rdb)):
            server.wait_for(1)
        assert waiting(rdb) == labels
    assert caplog.text.count("a worker that is killed will be lost") == 1


class Least:
    """A client with no more than is required of one."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def rpush(self, name: str, *values: str) -> None:
        assert name == "snowplow"
        self.entries += values

    def lpop(self, name: str, count: int | None = None) -> str | None:
        assert (name, count) == ("snowplow", None)
        return self.entries.pop(0) if self.entries else None


def test_a_client_with_rpush_and_lpop_alone_gets_them_back(server):
    rdb = Least()
    labels = track(rdb, 25)
    server.otherwise = 503
    with running(RedisWorker(Emitter(server.url, batch_size=10, exit_timeout=0.5), rdb)):
        server.wait_for(1)
    assert sorted(json.loads(entry)["se_la"] for entry in rdb.entries) == labels


def test_a_store_that_survives_keeps_them(rdb, tmp_path, server, until):
    server.otherwise = 503
    labels = track(rdb, 5)
    store = SQLiteEventStore(tmp_path / "events.db")
    with running(RedisWorker(Emitter(server.url, batch_size=5, event_store=store), rdb)):
        server.wait_for(1)
        until(lambda: rdb.llen("snowplow") == 0)
    assert rdb.keys() == []
    assert [event["se_la"] for event in store.get_events_batch()] == labels


def test_a_closed_emitter_gets_none(rdb, until, server):
    labels = track(rdb, 20)
    emitter = Emitter(server.url, batch_size=5)
    with running(RedisWorker(emitter, rdb)):
        until(lambda: emitter.stats()["sent"] == 20)
        emitter.close()
        track(rdb, 3)
    assert waiting(rdb) == ["0000", "0001", "0002"]
    assert server.labels() == labels


class Interrupted(RedisWorker):
    """Its `send` is interrupted once, before it has handed the event on."""

    def send(self, payload: dict[str, Any]) -> None:
        if payload["se_la"] == "0002":
            raise KeyboardInterrupt
        super().send(payload)


def test_an_event_whose_sending_is_interrupted_is_put_back(rdb, server):
    server.otherwise = 503
    labels = track(rdb, 5)
    with pytest.raises(KeyboardInterrupt):
        Interrupted(Emitter(server.url, batch_size=100, exit_timeout=0.5), rdb).run()
    assert waiting(rdb) == labels


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_responses_of_redis_that_are_lost_lose_and_double_nothing(
    redis_server, server, rdb, until, monkeypatch, kind
):
    labels = track(rdb, 60)
    monkeypatch.setattr("snowplow_tracker.redis.redis_worker._PAUSE_SECONDS", 0.001)
    calls = []
    execute = redis.client.Pipeline.execute

    def lossy(self: Any, raise_on_error: bool = True) -> Any:
        responses = execute(self, raise_on_error)
        calls.append(0)
        if len(calls) % 3 == 0:
            raise redis.ConnectionError("the response is lost")
        return responses

    with redis_server.client() as client:
        emitter = kind(server.url, protocol="http", batch_size=10)
        with running(RedisWorker(emitter, client)):
            monkeypatch.setattr(redis.client.Pipeline, "execute", lossy)
            until(lambda: emitter.stats()["tracked"] == 60)
            monkeypatch.setattr(redis.client.Pipeline, "execute", execute)
    assert sorted(server.labels()) == labels
    assert rdb.keys() == []
