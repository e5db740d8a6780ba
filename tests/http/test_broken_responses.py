"""Responses that trickle in, are cut, never end, or come on a closed connection."""

from __future__ import annotations

import time
from unittest import mock

import pytest
import requests
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
from snowplow_tracker._http.client import HttpClient

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TIMEOUT = (10, 0.3)  # to connect, to read
SOON = 5  # seconds: long before what is waited for would end by itself


def timed_post(emitter: Emitter) -> tuple[int, float]:
    started = time.monotonic()
    status = emitter.http_post("{}")
    return status, time.monotonic() - started


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK", b"X-A: b\r\n", CONTINUE])
def test_a_head_in_drips_is_a_failed_attempt_after_the_timeout(drip):
    def talk(server, connection):
        server.take(connection)
        connection.sendall(HEAD if drip.startswith(b"X") else b"")
        server.drip(connection, drip)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=TIMEOUT)
        status, seconds = timed_post(emitter)
    assert status == -1
    assert TIMEOUT[1] <= seconds < SOON
    assert "ReadTimeout" in emitter.stats()["last_error"]


def test_a_head_in_drips_is_one_also_where_the_program_looks_on():
    def talk(server, connection):
        server.take(connection)
        server.drip(connection, b"HTTP/1.1 200 OK")

    genuine = requests.Session.send

    def send(*given, **named):
        return genuine(*given, **named)

    with RawServer(talk) as server, mock.patch.object(requests.Session, "send", send):
        status, seconds = timed_post(Emitter(server.url, request_timeout=TIMEOUT))
    assert status == -1
    assert seconds < SOON


def body_in_drips(server, connection):
    while server.take(connection):
        connection.sendall(HEAD + b"Content-Length: 10000\r\n\r\n")
        server.drip(connection, b"x")


def body_without_end(server, connection):
    while server.take(connection):
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")


def body_that_is_cut(server, connection):
    server.take(connection)
    connection.sendall(HEAD + b"Content-Length: 10\r\n\r\nfive5")


def body_that_is_cut_at_once(server, connection):
    server.take(connection)
    connection.sendall(HEAD + b"Content-Length: 10\r\n\r\n")


def body_that_is_no_chunk(server, connection):
    server.take(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nnot hex\r\n")


def body_until_the_end(server, connection):
    server.take(connection)
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nall that there is")


ODD_BODIES = [
    *(body_in_drips, body_without_end, body_that_is_cut, body_that_is_cut_at_once),
    *(body_that_is_no_chunk, body_until_the_end),
]


@pytest.mark.parametrize("talk", ODD_BODIES)
def test_the_status_counts_whatever_the_body_is(talk, track):
    with RawServer(talk) as server:
        emitter = Emitter(server.url, batch_size=1)
        started = time.monotonic()
        track(Tracker("ns", emitter), "a", "b")
        seconds = time.monotonic() - started
    assert seconds < SOON
    assert emitter.stats()["sent"] == 2
    assert len(server.requests) == server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        *(OK, b"HTTP/1.1 204 No Content\r\n\r\n"),
        HEAD + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        CONTINUE + OK,
    ],
)
def test_a_body_that_is_short_leaves_the_connection_open(answer, track):
    with RawServer(answering(answer)) as server:
        emitter = Emitter(server.url, batch_size=1)
        track(Tracker("ns", emitter), *range(5))
    assert emitter.stats()["sent"] == 5
    assert server.connections == 1


def test_an_async_emitter_is_not_held_by_drips(until):
    with RawServer(body_in_drips) as server:
        emitter = AsyncEmitter(server.url, batch_size=1)
        Tracker("ns", emitter).track(StructuredEvent("c", "a"))
        until(lambda: emitter.stats()["sent"] == 1, SOON)


def test_a_connection_that_was_closed_while_idle_costs_no_attempt(until, track):
    closed = []

    def talk(server, connection):
        server.take(connection)
        connection.sendall(OK)
        connection.close()
        closed.append(connection)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, batch_size=1)
        for label in range(5):
            track(Tracker("ns", emitter), label)
            until(lambda: len(closed) == len(server.requests))
    stats = emitter.stats()
    assert (stats["sent"], stats["retried"], server.connections) == (5, 0, 5)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("method", ["post", "get"])
def test_a_redirect_to_another_host_is_followed_without_credentials(
    monkeypatch, tmp_path, status, method
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login shop password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(answering(OK)) as there:
        location = f"http://localhost:{there.port}/elsewhere?x=1".encode()
        redirect = b"HTTP/1.1 %d Moved\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
        with RawServer(answering(redirect % (status, location))) as here:
            emitter = Emitter(here.url, method=method)
            sent = emitter.http_post("{}") if method == "post" else emitter.http_get({"e": "pv"})
    assert sent == 200
    assert b"Authorization" in here.requests[0]
    assert b"Authorization" not in there.requests[0]
    assert there.requests[0].startswith(method.upper().encode() + b" /elsewhere?x=1 HTTP/1.1\r\n")
    assert there.requests[0].endswith(b"\r\n\r\n{}" if method == "post" else b"\r\n\r\n")


def test_a_redirect_in_drips_is_a_failed_attempt():
    redirect = b"HTTP/1.1 307 Moved\r\nLocation: /again\r\nContent-Length: 10000\r\n\r\n"

    def talk(server, connection):
        while server.take(connection):
            connection.sendall(redirect)
            server.drip(connection, b"x")

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=TIMEOUT)
        status, seconds = timed_post(emitter)
    assert status == -1
    assert seconds < SOON


def test_redirects_in_a_circle_are_a_failed_attempt():
    redirect = b"HTTP/1.1 307 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answering(redirect)) as server:
        emitter = Emitter(server.url)
        assert emitter.http_post("{}") == -1
    assert "TooManyRedirects" in emitter.stats()["last_error"]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 7),
        (b"HTTP/1.1 429 Slow\r\nretry-after: 9\r\nContent-Length: 0\r\n\r\n", 9),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", None),
    ],
)
@pytest.mark.parametrize("is_given", [False, True])
def test_a_failures_retry_after_is_noted(answer, seconds, is_given):
    with RawServer(answering(answer)) as server:
        client = HttpClient(requests.Session() if is_given else None, lambda: requests)
        result = client.send(
            client.requester, "post", server.url, timeout=TIMEOUT, data="{}", headers={}
        )
    assert result.retry_after == seconds
