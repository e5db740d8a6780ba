"""The fast path and the usual path of requests send the same bytes."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import requests
from tests.http.raw_server import OK, RawServer, answering
from urllib3 import HTTPConnectionPool

from snowplow_tracker import Emitter
from snowplow_tracker._http.client import HttpClient
from snowplow_tracker._http.direct import DirectPost
from snowplow_tracker._http.endpoint import HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

BODY: Any = '{"é": 1}'.encode()
EVENT = {"e": "pv", "page": "é ü/?&=%zz", "eid": "1"}
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "plain": {},
    "netrc": {"NETRC": "{netrc}"},
    "proxy": {"http_proxy": "http://user:secret@127.0.0.1:{port}"},
    "no proxy": {"http_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1"},
    "proxy of all": {"ALL_PROXY": "127.0.0.1:{port}", "NETRC": "{netrc}"},
}
ENDPOINTS = ["{url}", "{url}/a prefix/é", "http://user:secret@127.0.0.1:{port}"]


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Sets variables, of which the names of files and ports are filled in."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login shop password secret\n")
    netrc.chmod(0o600)

    def put(variables: dict[str, str], port: int) -> None:
        for name in ("http_proxy", "all_proxy", "no_proxy", "netrc"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(netrc=netrc, port=port))

    return put


@contextmanager
def watched_by_the_program() -> Iterator[list[Any]]:
    """Has requests sent as requests does: whoever looks on there must see them."""
    genuine, seen = requests.Session.send, []

    @wraps(genuine)
    def send(*arguments: Any, **named: Any) -> requests.Response:
        seen.append(arguments)
        return genuine(*arguments, **named)

    with mock.patch.object(requests.Session, "send", send):
        yield seen


def send_twice(emitter: Emitter, method: str) -> None:
    for _ in range(2):
        status = emitter.http_post(BODY) if method == "post" else emitter.http_get(dict(EVENT))
        assert status == 200


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("variables", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_both_ways_write_the_same_bytes(environment, method, variables, endpoint):
    with RawServer(answering(OK)) as server:
        environment(variables, server.port)
        url = endpoint.format(url=server.url, port=server.port)
        emitter = Emitter(url, method=method)
        send_twice(emitter, method)
        with watched_by_the_program() as seen:
            send_twice(emitter, method)
    assert len(seen) == 2
    assert len(set(server.requests)) == 1
    assert len(server.requests) == 4
    assert server.connections == 1


def test_the_last_request_of_a_process_says_so_on_both_ways():
    with RawServer(answering(OK)) as server:
        client = HttpClient(None, lambda: requests)

        def post() -> None:
            client.send(
                client.requester, "post", server.url, timeout=10, data="{}", headers=dict(HEADERS)
            )

        post()
        client.keep_alive = False
        post()
        with watched_by_the_program():
            post()
    before, *at_exit = server.requests
    assert b"Connection: keep-alive" in before
    assert len(set(at_exit)) == 1
    assert b"Connection: close" in at_exit[0]


@contextmanager
def calls_noted() -> Iterator[set[Any]]:
    """Collects the code of the Python functions that this thread calls."""
    called = set()

    def note(frame: FrameType, _event: str, _argument: object) -> None:
        called.add(frame.f_code)

    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("method", ["post", "get"])
def test_the_short_way_is_the_one_that_is_gone(method):
    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url, method=method)
        send_twice(emitter, method)
        with calls_noted() as called:
            send_twice(emitter, method)
    assert (HTTPConnectionPool.urlopen.__code__ in called) == (method == "get")
    assert (DirectPost.send.__code__ in called) == (method == "post")
    assert not called & {requests.Session.send.__code__, requests.Session.prepare_request.__code__}


@pytest.mark.parametrize("body", [b"{}", "{}"])
def test_bytes_and_text_are_the_same_body(body):
    with RawServer(answering(OK)) as server:
        Emitter(server.url).http_post(body)
    assert server.requests[0].endswith(b"\r\n\r\n{}")
    assert b"Content-Length: 2\r\n" in server.requests[0]
