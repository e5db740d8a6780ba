"""Requests on an open connection, past urllib3: the same results as by `urlopen`."""

from __future__ import annotations

import http.client
import logging
import os
import socket
import ssl
import sys
import threading
import time
from functools import wraps
from typing import Any
from unittest import mock

import pytest
import trustme
import urllib3.connection
from tests.http.raw_server import OK, RawServer, answering
from tests.http.test_in_step import BUSY, CHUNKED, EXACT, HEAD, HINTS, INEXACT
from urllib3 import HTTPConnectionPool

from snowplow_tracker import Emitter
from snowplow_tracker._http import direct

TIMEOUT = (5, 0.3)
SOON = 4
LENGTH = b"Content-Length: 2\r\n"

ODD = {
    "nothing": b"",
    "a blank line": b"\r\n",
    "garbage": b"garbage\r\n\r\n",
    "a part of the status": b"HTTP/1.1 20",
    "no reason": b"HTTP/1.1 200\r\n" + LENGTH + b"\r\nok",
    "an empty reason": b"HTTP/1.1 200 \r\n" + LENGTH + b"\r\nok",
    "a reason beyond ASCII": "HTTP/1.1 200 é\r\n".encode() + LENGTH + b"\r\nok",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n" + LENGTH + b"\r\nok",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n" + LENGTH + b"\r\nok",
    "HTTP/2": b"HTTP/2 200 OK\r\n" + LENGTH + b"\r\nok",
    "201": b"HTTP/1.1 201 Created\r\n" + LENGTH + b"\r\nok",
    "line feeds only": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "line feeds between headers": HEAD + b"X-A: b\nContent-Length: 2\r\n\r\nok",
    "a return in a header": HEAD + b"X-A: b\rContent-Length: 9\r\n" + LENGTH + b"\r\nok",
    "a folded header": HEAD + b"X-A: b\r\n Content-Length: 9\r\n" + LENGTH + b"\r\nok",
    "a folded length": HEAD + b"Content-Length:\r\n 2\r\n\r\nok",
    "a blank before the colon": HEAD + b"Content-Length : 2\r\n\r\nok",
    "no name": HEAD + b": x\r\n" + LENGTH + b"\r\nok",
    "a NUL": HEAD + b"X-A: \0\r\n" + LENGTH + b"\r\nok",
    "tabs around a length": HEAD + b"content-LENGTH:\t2\t\r\n\r\nok",
    "a length of many digits": HEAD + b"Content-Length: " + b"0" * 30 + b"2\r\n\r\nok",
    "no length": HEAD + b"X-A: b\r\n\r\nok",
    "a length in another header": HEAD + b"X-Content-Length: 2\r\n\r\nok",
    "no headers": HEAD + b"\r\n",
    "many headers": HEAD + b"X-A: b\r\n" * 90 + LENGTH + b"\r\nok",
    "too many headers": HEAD + b"X-A: b\r\n" * 200 + LENGTH + b"\r\nok",
    "a long header": HEAD + b"X-A: " + b"b" * 60_000 + b"\r\n" + LENGTH + b"\r\nok",
    "a header that is too long": HEAD + b"X-A: " + b"b" * 70_000 + b"\r\n" + LENGTH + b"\r\nok",
    "keep-alive": HEAD
    + b"Connection: Keep-Alive\r\nKeep-Alive: timeout=5\r\n"
    + LENGTH
    + b"\r\nok",
    "keep-alive and close": HEAD + b"Connection: keep-alive, close\r\n" + LENGTH + b"\r\nok",
    "an upgrade": HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + LENGTH + b"\r\nok",
    "much more than the length": OK + b"x" * 30_000,
    "a long body": HEAD + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000,
    "a body that is cut": HEAD + b"Content-Length: 10\r\n\r\nfive5",
    "a cut chunk": CHUNKED + b"5\r\nok",
    "early hints without an end": HINTS,
    "405 with a body": b"HTTP/1.1 405 No\r\nContent-Length: 30000\r\n\r\n" + b"x" * 30_000,
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
}
ANSWERS = {**EXACT, **INEXACT, **ODD}


def usual_way() -> Any:
    return mock.patch.object(direct, "has_original_connections", return_value=False)


@pytest.fixture
def sent_directly(monkeypatch):
    """The bodies that were sent past urllib3."""
    bodies = []
    exchange = direct.DirectPost._exchange

    def noting(self, connection, body, timeout):
        bodies.append(body)
        return exchange(self, connection, body, timeout)

    monkeypatch.setattr(direct.DirectPost, "_exchange", noting)
    return bodies


@pytest.fixture
def encryption(monkeypatch, tmp_path):
    """Makes the certificate of a server, which this process trusts."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return context


def outcome(answer: bytes, *, closes: bool) -> tuple[list[int], int]:
    """Return the statuses of three requests, the second of which gets the answer, and connections.

    The server closes the connection after the answer, or leaves it open.
    """

    def talk(server: RawServer, connection: Any) -> None:
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place, reply in enumerate((OK, answer, BUSY)):
            if not server.take(connection):
                return
            connection.sendall(reply)
            if closes and place == 1:
                connection.shutdown(socket.SHUT_RDWR)
                closed.set()
                return

    closed = threading.Event()
    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=TIMEOUT)
        statuses = [emitter.http_post(body) for body in ("1", "2")]
        assert not closes or closed.wait(5)
        return [*statuses, emitter.http_post("3")], server.connections


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_any_answer_has_the_result_of_the_usual_way(sent_directly, answer, closes):
    found = outcome(answer, closes=closes)
    assert sent_directly
    with usual_way():
        expected = outcome(answer, closes=closes)
    # Whether the end of a connection is seen before or after the next request, the network decides.
    assert found[0][:2] == expected[0][:2]
    assert closes or found == expected


def test_a_redirect_is_followed(sent_directly):
    redirect = b"HTTP/1.1 307 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    found = outcome(redirect, closes=False)
    assert sent_directly
    with usual_way():
        assert found == outcome(redirect, closes=False)


@pytest.mark.parametrize("answer", EXACT.values(), ids=EXACT)
def test_an_exact_answer_leaves_the_connection_open(sent_directly, answer):
    statuses, connections = outcome(answer, closes=False)
    assert statuses[2] == 503
    assert connections == 1
    assert sent_directly == [b"2", b"3"]


@pytest.mark.parametrize("answer", INEXACT.values(), ids=INEXACT)
def test_any_other_answer_closes_the_connection(sent_directly, answer):
    statuses, connections = outcome(answer, closes=False)
    assert statuses[2] == 503
    assert connections == 2
    assert sent_directly == [b"2"]


@pytest.mark.parametrize("size", [1, 7, 19, 20])
def test_an_answer_in_pieces_is_read_to_its_end(sent_directly, size):
    def talk(server: RawServer, connection: Any) -> None:
        while server.take(connection):
            for start in range(0, len(OK), size):
                connection.sendall(OK[start : start + size])

    with RawServer(talk) as server:
        emitter = Emitter(server.url)
        assert [emitter.http_post("{}") for _ in range(4)] == [200] * 4
    assert server.connections == 1
    assert len(sent_directly) == 3


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK", b"X-A: b\r\n", HINTS])
def test_drips_end_at_the_deadline_of_the_attempt(sent_directly, drip):
    def talk(server: RawServer, connection: Any) -> None:
        server.take(connection)
        connection.sendall(OK)
        server.take(connection)
        connection.sendall(HEAD if drip.startswith(b"X") else b"")
        server.drip(connection, drip)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=TIMEOUT)
        assert emitter.http_post("{}") == 200
        started = time.monotonic()
        assert emitter.http_post("{}") == -1
        assert TIMEOUT[1] <= time.monotonic() - started < SOON
    assert sent_directly
    assert "ReadTimeout" in emitter.stats()["last_error"]


def test_a_server_that_reads_nothing_ends_at_the_deadline(sent_directly):
    def talk(server: RawServer, connection: Any) -> None:
        server.take(connection)
        connection.sendall(OK)
        server.ended.wait(10)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=(0.3, 0.3))
        assert emitter.http_post("{}") == 200
        started = time.monotonic()
        assert emitter.http_post("x" * 50_000_000) == -1
        assert time.monotonic() - started < SOON
    assert sent_directly


@pytest.mark.parametrize("late", [OK, b"o", b"\r\n", HINTS])
def test_bytes_between_the_requests_are_not_the_next_answer(sent_directly, late):
    answered, sent = threading.Event(), threading.Event()

    def talk(server: RawServer, connection: Any) -> None:
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # `late` comes at once
        for _ in range(2):
            server.take(connection)
            connection.sendall(OK)
        assert answered.wait(5)
        connection.sendall(late)
        sent.set()
        server.take(connection)

    with RawServer(talk) as server:
        emitter = Emitter(server.url)
        assert [emitter.http_post("{}") for _ in range(2)] == [200, 200]
        answered.set()
        assert sent.wait(5)
        assert emitter.http_post("{}") == 503
    assert sent_directly == [b"{}"]


def test_an_answer_before_the_body_counts_and_ends_the_connection(sent_directly):
    def talk(server: RawServer, connection: Any) -> None:
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        server.take(connection)
        connection.sendall(OK)
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n")

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=5)
        assert emitter.http_post("{}") == 200
        assert emitter.http_post("x" * 900_000) in {413, -1}
        assert emitter.http_post("{}") == 503
    assert sent_directly


def test_a_connection_that_broke_while_sending_is_not_used_again(monkeypatch, sent_directly):
    genuine = direct._send

    def broken(connection: Any, data: bytes) -> None:
        genuine(connection, data)
        raise BrokenPipeError

    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url)
        assert emitter.http_post("{}") == 200
        monkeypatch.setattr(direct, "_send", broken)
        assert [emitter.http_post("{}") for _ in range(2)] == [200, 200]
    assert sent_directly == [b"{}"]
    assert server.connections == 2


@pytest.mark.parametrize("size", [0, 1, direct._MAX_JOINED, direct._MAX_JOINED + 1, 900_000])
def test_bodies_of_any_size_arrive_as_by_the_usual_way(sent_directly, size):
    body: Any = os.urandom(size)
    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url)
        assert [emitter.http_post(body) for _ in range(2)] == [200, 200]
    assert sent_directly == [body]
    assert server.requests[0] == server.requests[1]
    assert server.requests[1].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    ("answer", "connections"), [(OK, 1), (HINTS + OK, 1), (OK + OK, 2), (OK + b"x" * 30_000, 2)]
)
def test_the_same_holds_for_encrypted_connections(encryption, sent_directly, answer, connections):
    with RawServer(answering(OK, answer, BUSY), encryption) as server:
        emitter = Emitter(server.url)
        assert [emitter.http_post("{}") for _ in range(3)] == [200, 200, 503]
    assert sent_directly
    assert server.connections == connections


def test_bytes_that_are_decrypted_already_end_the_connection(
    monkeypatch, encryption, sent_directly
):
    with RawServer(answering(OK), encryption) as server:
        emitter = Emitter(server.url)
        assert [emitter.http_post("{}") for _ in range(2)] == [200, 200]
        assert server.connections == 1
        with monkeypatch.context() as patch:
            patch.setattr(ssl.SSLSocket, "pending", lambda _: 1)
            assert emitter.http_post("{}") == 200
        assert emitter.http_post("{}") == 200
    assert server.connections == 2
    assert len(sent_directly) == 2


CONNECTION_METHODS = [
    *((http.client.HTTPConnection, name) for name in ("putrequest", "endheaders", "send")),
    *((http.client.HTTPConnection, name) for name in ("putheader", "getresponse")),
    *((urllib3.connection.HTTPConnection, name) for name in ("request", "putrequest")),
    *((HTTPConnectionPool, name) for name in ("_make_request", "_get_conn", "_put_conn")),
]


@pytest.mark.parametrize(("owner", "name"), CONNECTION_METHODS)
def test_methods_of_connections_that_a_program_replaces_are_called(sent_directly, owner, name):
    genuine, seen = getattr(owner, name), []

    @wraps(genuine)
    def replacement(*given: Any, **named: Any) -> Any:
        seen.append(given)
        return genuine(*given, **named)

    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url)
        emitter.http_post("{}")
        with mock.patch.object(owner, name, replacement):
            assert emitter.http_post("{}") == 200
        assert seen
        assert sent_directly == []
        assert emitter.http_post("{}") == 200
    assert sent_directly == [b"{}"]
    assert len(set(server.requests)) == server.connections == 1


def test_urllib3_logs_each_request_if_asked_to(sent_directly, caplog):
    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url)
        emitter.http_post("{}")
        with caplog.at_level(logging.DEBUG, logger="urllib3.connectionpool"):
            emitter.http_post("{}")
        assert "POST /com.snowplowanalytics.snowplow/tp2" in caplog.text
        assert sent_directly == []


def test_http_client_prints_each_request_if_asked_to(monkeypatch, sent_directly, capsys):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url)
        assert [emitter.http_post("{}") for _ in range(2)] == [200, 200]
    assert capsys.readouterr().out.count("send: b'POST") == 2
    assert sent_directly == []


def test_audit_hooks_see_what_is_sent():
    seen: list[bytes] = []
    is_over = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "http.client.send" and not is_over:
            seen.append(arguments[1])

    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url)
        emitter.http_post("{}")
        sys.addaudithook(hook)  # for ever
        emitter.http_post("{}")
        is_over = True
        assert b"".join(seen) == server.requests[1]


def test_with_another_urllib3_the_usual_way_is_taken(monkeypatch, sent_directly):
    monkeypatch.delattr(HTTPConnectionPool, "_validate_conn")
    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "_validate_conn", lambda *_: None)
    from snowplow_tracker._http.patched import has_original_connections  # noqa: PLC0415

    assert not has_original_connections()
    assert sent_directly == []
