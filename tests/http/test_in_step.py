"""A connection is used again only after exactly its own answer: none slips to the next request."""

from __future__ import annotations

import ssl
import threading
from contextlib import nullcontext
from typing import Any
from unittest import mock

import pytest
import requests
import trustme
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import Emitter

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

EXACT = {
    "a length": OK,
    "no body": HEAD + b"Content-Length: 0\r\n\r\n",
    "the same length with blanks": HEAD + b"Content-Length:  2 \r\n\r\nok",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "204 with a length of 0": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "chunks": CHUNKED + b"2\r\nok\r\n0\r\n\r\n",
    "chunks with an extension": CHUNKED + b"2;a=b\r\nok\r\n0;c\r\n\r\n",
    "chunks with a trailer": CHUNKED + b"2\r\nok\r\n0\r\nX-A: b\r\n\r\n",
    "HTTP/1.0 that is kept alive": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
    b"Content-Length: 2\r\n\r\nok",
    "100 before": CONTINUE + OK,
    "102 before": PROCESSING + OK,
    "103 before": HINTS + OK,
    "many before": HINTS + CONTINUE + PROCESSING + HINTS * 20 + OK,
}

INEXACT = {
    "twice": OK + OK,
    "twice, the second informational": OK + HINTS,
    "twice, the second cut": OK + b"HTTP/1.1 200",
    "longer than said": HEAD + b"Content-Length: 2\r\n\r\nokay",
    "longer by a line": OK + b"\r\n",
    "a body where none is said": HEAD + b"Content-Length: 0\r\n\r\nok",
    "204 with a body": b"HTTP/1.1 204 No Content\r\n\r\nok",
    "204 with a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
    "204 with chunks": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
    "205 without a length": b"HTTP/1.1 205 Reset Content\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\nok",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    "a length with a sign": HEAD + b"Content-Length: +2\r\n\r\nok",
    "a length with an underscore": HEAD + b"Content-Length: 0_2\r\n\r\nok",
    "a length below 0": HEAD + b"Content-Length: -2\r\n\r\nok",
    "a length and chunks": HEAD
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another encoding": HEAD + b"Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    "two encodings": HEAD
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "more than the chunks": CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + OK,
    "a chunk's size with a sign": CHUNKED + b"+2\r\nok\r\n0\r\n\r\n",
    "a chunk's size of 0x": CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
    "a chunk shorter than said": CHUNKED + b"5\r\nok\r\n0\r\n\r\n",
    "a chunk longer than said": CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
    "garbage for a chunk": CHUNKED + b"no size\r\n",
    "chunks by HTTP/1.0": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "Connection: close": HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
    "Connection: close as the second": HEAD
    + b"Connection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "a line that is no header": HEAD + b"Content-Length: 2\r\nno header\r\nX-A: b\r\n\r\nok",
}


def status_of(answer: bytes) -> int:
    final = answer[answer.rindex(b"HTTP/1.") :] if answer.startswith(b"HTTP/1.1 1") else answer
    return int(final.split()[1])


def traced_send() -> Any:
    genuine = requests.Session.send

    def send(*given, **named):
        return genuine(*given, **named)

    return mock.patch.object(requests.Session, "send", send)


@pytest.fixture(params=["fast", "traced"])
def _path(request):
    """The two ways of a request: below requests, and through it where a program looks on."""
    with traced_send() if request.param == "traced" else nullcontext():
        yield


both_paths = pytest.mark.usefixtures("_path")


@both_paths
@pytest.mark.parametrize("answer", EXACT.values(), ids=EXACT)
def test_an_exact_answer_leaves_the_connection_open(answer):
    with RawServer(answering(answer, BUSY, OK)) as server:
        emitter = Emitter(server.url)
        assert emitter.http_post("{}") == status_of(answer)
        assert emitter.http_post("{}") == 503
        assert emitter.http_post("{}") == 200
    assert server.connections == 1


@both_paths
@pytest.mark.parametrize("answer", INEXACT.values(), ids=INEXACT)
def test_any_other_answer_closes_the_connection(answer):
    ended = threading.Event()

    def talk(server, connection):
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        server.take(connection)
        connection.sendall(answer)
        while connection.recv(1):
            pass
        ended.set()

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=(5, 0.3))
        # urllib3 refuses two lengths. requests also needs the body.
        assert emitter.http_post("{}") in {status_of(answer), -1}
        assert ended.wait(5)  # now, not only before the next request
        assert emitter.http_post("{}") == 503
    assert server.connections == 2


@both_paths
@pytest.mark.parametrize("head", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"])
def test_switching_protocols_is_a_failure_and_closes_the_connection(head):
    with RawServer(answering(b"HTTP/1.1 101 Switching\r\n" + head + b"\r\n", OK)) as server:
        emitter = Emitter(server.url)
        assert emitter.http_post("{}") == 101
        assert emitter.http_post("{}") == 200
    assert server.connections == 2


@both_paths
@pytest.mark.parametrize("late", [OK, HINTS, b"o", b"\r\n"])
def test_bytes_that_come_late_are_not_the_next_answer(late):
    answered, sent = threading.Event(), threading.Event()

    def talk(server, connection):
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        server.take(connection)
        connection.sendall(OK)
        assert answered.wait(5)
        connection.sendall(late)
        sent.set()
        server.take(connection)

    with RawServer(talk) as server:
        emitter = Emitter(server.url)
        assert emitter.http_post("{}") == 200
        answered.set()
        assert sent.wait(5)
        assert emitter.http_post("{}") == 503


@both_paths
def test_an_answer_after_the_time_out_is_not_the_next_one():
    timed_out = threading.Event()

    def talk(server, connection):
        server.take(connection)
        if server.connections > 1:
            connection.sendall(BUSY)
            return
        assert timed_out.wait(5)
        connection.sendall(OK)
        server.take(connection)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=(5, 0.1))
        assert emitter.http_post("{}") == -1
        timed_out.set()
        assert emitter.http_post("{}") in {503, -1}  # the second attempt has 0.1 s, too
    assert server.connections == 2


@both_paths
def test_an_answer_before_the_body_is_not_the_next_one():
    """The server reads nothing but the head: what follows would be garbage to it."""
    closed = threading.Event()

    def talk(server, connection):
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        connection.recv(100)
        connection.sendall(OK)
        connection.close()
        closed.set()

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=5)
        assert emitter.http_post("x" * 900_000) in {200, -1}
        assert closed.wait(5)
        assert emitter.http_post("{}") == 503


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (OK, 1),
        (HINTS + OK, 1),
        (OK + OK, 2),
        (HEAD + b"Content-Length: 2\r\n\r\n" + b"x" * 20_000, 2),
    ],
)
def test_the_same_holds_for_encrypted_connections(monkeypatch, tmp_path, answer, connections):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with RawServer(answering(answer, BUSY), context) as server:
        emitter = Emitter(server.url)
        assert emitter.http_post("{}") == 200
        assert emitter.http_post("{}") == 503
    assert server.connections == connections


@pytest.mark.parametrize("informational", [HINTS, PROCESSING, b"HTTP/1.1 101 Switching\r\n\r\n"])
@pytest.mark.parametrize("method", ["post", "get"])
def test_a_given_session_takes_no_late_answer_for_the_next_request(informational, method):
    late = threading.Event()

    def talk(server, connection):
        if server.connections > 1:
            answering(BUSY)(server, connection)
            return
        server.take(connection)
        connection.sendall(informational)
        assert late.wait(5)
        connection.sendall(OK)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, method=method, session=requests.Session())

        def send() -> int:
            return emitter.http_post("{}") if method == "post" else emitter.http_get({"e": "pv"})

        assert send() in {101, 102, 103}
        late.set()
        assert send() == 503
    assert server.connections == 2
