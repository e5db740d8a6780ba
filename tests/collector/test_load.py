"""The local collector under load, and with clients that are slow, hostile or gone."""

from __future__ import annotations

import asyncio
import gzip
import json
import select
import socket
import threading
import tracemalloc
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from snowplow_tracker.collector import CollectorServer, Journal, connections, incoming
from snowplow_tracker.collector.checks import judge_post
from snowplow_tracker.collector.decode import tracked_event
from snowplow_tracker.collector.rows import CollectorPayload
from snowplow_tracker.collector.schemas import open_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

TP2 = "/com.snowplowanalytics.snowplow/tp2"
POSTS = 1_000


def post_head(size: int, *headers: str) -> bytes:
    lines = (f"POST {TP2} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return "\r\n".join((*lines, f"Content-Length: {size}", *headers, "", "")).encode()


@contextmanager
def connected(collector: CollectorServer) -> Iterator[socket.socket]:
    with socket.create_connection((collector.host, collector.port), timeout=20) as connection:
        yield connection


def status(connection: socket.socket) -> int:
    """Read a response, and return its status."""
    with connection.makefile("rb") as answer:
        code = int(answer.readline().split()[1])
        size = 0
        while line := answer.readline().strip():
            name, _, value = line.lower().partition(b": ")
            size = int(value) if name == b"content-length" else size
        answer.read(size)
    return code


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server closes a connection."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


async def post_all(collector: CollectorServer, body: bytes, counts: list[int]) -> list[bytes]:
    """Open all connections, then post on all of them, while the counts are read."""
    opened = [await asyncio.open_connection(collector.host, collector.port) for _ in range(POSTS)]

    async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(post_head(len(body)) + body)
        return await reader.readline()

    async def read_counts() -> None:
        reader, writer = await asyncio.open_connection(collector.host, collector.port)
        while not posts or not posts.done():
            writer.write(b"GET /micro/all HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            counts.append(json.loads(await reader.readuntil(b"}"))["total"])
            started.set()
        writer.close()

    posts: asyncio.Future[list[bytes]] | None = None
    started = asyncio.Event()
    reading = asyncio.create_task(read_counts())
    await started.wait()
    posts = asyncio.gather(*(post(reader, writer) for reader, writer in opened))
    await reading
    for _, writer in opened:
        writer.close()
    return await posts


@pytest.mark.processes
def test_a_thousand_posts_at_once_while_counts_are_read(collector, event, batch):
    resource = pytest.importorskip("resource")
    soft, hard = limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 4_096 if hard == resource.RLIM_INFINITY else min(hard, 4_096)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    body = batch(*(event(eid=str(uuid.UUID(int=number))) for number in range(3)))
    counts: list[int] = []
    answers = asyncio.run(post_all(collector, body, counts))
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert answers == [b"HTTP/1.1 200 OK\r\n"] * POSTS
    assert collector.journal.counts() == {"total": 3 * POSTS, "good": 3 * POSTS, "bad": 0}
    assert counts == sorted(counts)
    assert len(counts) > 1


def test_other_requests_are_handled_during_a_large_body(collector, event, batch):
    body = batch(*(event(eid=str(uuid.uuid4())) for _ in range(3_000)))
    asked, answered = threading.Event(), threading.Event()

    def hold() -> None:
        # Runs on the thread of the server, after each row.
        count = collector.journal.counts()["total"]
        if count == 50:
            assert asked.wait(20)
        if count == 2_000:
            assert answered.wait(20)

    end = collector.journal.listen(hold)
    with connected(collector) as health, connected(collector) as poster:
        health.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status(health) == 200
        poster.sendall(post_head(len(body)) + body)
        collector.journal.wait_for(50)
        health.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        asked.set()
        assert status(health) == 200
        answered.set()
        assert status(poster) == 200
    end()
    assert collector.journal.counts()["good"] == 3_000


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", post_head(5)[:-2]])
def test_a_client_that_never_sends_a_whole_head_is_cut_off(monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with CollectorServer() as collector, connected(collector) as slow:
        slow.sendall(sent)
        assert is_closed(slow)


def test_a_second_request_has_the_same_time(monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with CollectorServer() as collector, connected(collector) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status(slow) == 200
        slow.sendall(b"GET /he")
        assert is_closed(slow)


def test_a_stream_is_not_cut_off(monkeypatch, until):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with CollectorServer() as collector, connected(collector) as stream:
        stream.sendall(b"GET /micro/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with connected(collector) as slow:
            assert is_closed(slow)
        requests.get(f"{collector.url}/i", timeout=10)
        received = bytearray()

        def has_rows() -> bool:
            received.extend(stream.recv(65_536))
            return b"event: rows" in received

        until(has_rows)


@pytest.mark.parametrize("path", [TP2, "/micro/good", "/micro/events"])
def test_a_body_that_never_ends_is_answered_408(monkeypatch, path):
    monkeypatch.setattr(incoming, "BODY_SECONDS", 0.2)
    with CollectorServer() as collector:
        for sent in (b"{", b"x" * 100_000):
            with connected(collector) as slow:
                slow.sendall(post_head(200_000).replace(TP2.encode(), path.encode()) + sent)
                assert status(slow) == 408
                assert is_closed(slow)
        assert collector.journal.counts()["total"] == 0


def test_few_large_bodies_are_read_at_the_same_time(monkeypatch, event, batch):
    monkeypatch.setattr(incoming, "LARGE_BODIES", 1)
    small = batch(event())
    large = small + b" " * (300_000 - len(small))
    with CollectorServer() as collector, ExitStack() as stack:
        first, *others = (stack.enter_context(connected(collector)) for _ in range(4))
        first.sendall(post_head(len(large)) + large[:100_000])
        with connected(collector) as poster:
            poster.sendall(post_head(len(small)) + small)
            assert status(poster) == 200
        for other in others:
            other.sendall(post_head(len(large)) + large)
        # The others have no answer, although they have sent everything.
        assert select.select(others, [], [], 0.5)[0] == []
        assert collector.journal.counts()["total"] == 1
        first.sendall(large[100_000:])
        assert [status(connection) for connection in (first, *others)] == [200] * 4
        assert collector.journal.counts()["good"] == 5


def test_a_client_that_does_not_read_is_cut_off(monkeypatch, until, event, batch):
    lost: list[object] = []
    original = connections.LimitedConnection.connection_lost

    def connection_lost(self, exc):
        original(self, exc)
        lost.append(self.client)

    monkeypatch.setattr(connections, "WRITE_SECONDS", 0.2)
    url = f"https://a.example/{'p' * 2_900}?{'q' * 5_900}"
    headers = {"Content-Type": "application/json"}
    with CollectorServer() as collector, connected(collector) as lazy:
        for _ in range(6):
            body = batch(*(event(eid=str(uuid.uuid4()), url=url) for _ in range(100)))
            requests.post(collector.url + TP2, data=body, headers=headers, timeout=20)
        whole = requests.get(f"{collector.url}/micro/good", timeout=30)
        assert len(whole.json()) == 600
        monkeypatch.setattr(connections.LimitedConnection, "connection_lost", connection_lost)
        lazy.sendall(b"GET /micro/good HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: lazy.getsockname() in lost)
        # What the system has buffered still arrives.
        received = 0
        while chunk := lazy.recv(65_536):
            received += len(chunk)
        assert received < len(whole.content)


def test_answers_that_are_cut_off_leave_nothing_behind(collector, session, event, batch, caplog):
    headers = {"Content-Type": "application/json"}
    body = batch(*(event(eid=str(uuid.uuid4()), page="p" * 2_000) for _ in range(400)))
    for _ in range(5):
        session.post(collector.url + TP2, data=body, headers=headers, timeout=20)
    for path in ("good", "stream", "events/1") * 5:
        with connected(collector) as connection:
            connection.sendall(f"GET /micro/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert connection.recv(10) == b"HTTP/1.1 2" or path == "events/1"
    assert session.get(f"{collector.url}/health", timeout=20).ok
    assert caplog.messages == []


def test_connections_are_limited(monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 4)
    with CollectorServer() as collector, ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(connected(collector))
        assert requests.get(f"{collector.url}/health", timeout=20).status_code == 503
        stack.close()
        answers = (requests.get(f"{collector.url}/health", timeout=20) for _ in range(1_000))
        assert next(answer.text for answer in answers if answer.ok) == "OK"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
def test_a_compressed_body_is_not_decompressed(collector, session, event, batch, encoding):
    bomb = gzip.compress(batch(event()) + b" " * 50_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    tracemalloc.start()
    answer = session.post(collector.url + TP2, data=bomb, headers=headers, timeout=20)
    (_, peak) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 200
    assert peak < 5_000_000
    (bad,) = collector.journal.bad()
    (error,) = bad["errors"]
    assert error.startswith(f"content encoding: '{encoding}', a Snowplow collector does not")


def test_identity_is_no_encoding(collector, session, event, batch):
    headers = {"Content-Type": "application/json", "Content-Encoding": "identity"}
    session.post(collector.url + TP2, data=batch(event()), headers=headers, timeout=20)
    assert collector.journal.counts()["good"] == 1


@pytest.mark.parametrize(("events_per_request", "entities"), [(1, 0), (100, 0), (20, 40)])
def test_a_full_journal_takes_no_more_memory_than_it_says(
    event, batch, contexts, events_per_request, entities
):
    limit = 2_000_000
    schemas = open_schemas(None, None)
    unknown = [f"iglu:com.acme/thing{each}/jsonschema/1-0-0" for each in range(entities)]
    journal = Journal(max_bytes=limit)
    # What is kept of schemas is not part of the journal.
    schemas(tracked_event(event(co=contexts(*unknown))))
    tracemalloc.start()
    number = 0
    while not journal.dropped:
        number += 1
        same = {"aid": str(number), "co": contexts(*unknown)}
        body = batch(*(event(eid=str(uuid.uuid4()), **same) for _ in range(events_per_request)))
        payload = CollectorPayload(
            version="tp2",
            querystring=(),
            content_type="application/json",
            body=body[:16_384].decode(),
            timestamp=1_790_000_000_000 + number,
            hostname=f"host{number}",
            ip_address="127.0.0.1",
            useragent=f"agent {number}",
            referer=None,
            headers=tuple(f"Header-{each}: {number}" for each in range(8)),
            user_id=str(uuid.uuid4()),
        )
        for row in judge_post(payload, body, schemas):
            journal.add(row)
        del body, payload, row
    (used, _) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert limit / 2 < used < limit
