"""Functions of requests or urllib3 that a program replaces are used for the requests."""

from __future__ import annotations

import subprocess
import sys
from functools import wraps
from typing import Any
from unittest import mock

import pytest
import requests
from requests.adapters import HTTPAdapter
from tests.http.raw_server import OK, RawServer, answering
from urllib3 import HTTPConnectionPool

from snowplow_tracker import Emitter

ON_THE_WAY = [
    *((requests.Session, name) for name in ("request", "send", "prepare_request", "get_adapter")),
    *((requests.Session, "merge_environment_settings"), (HTTPAdapter, "send")),
    *((HTTPConnectionPool, name) for name in ("urlopen", "_get_conn")),
]


class CallableObject:
    """A wrapper that is no function, as tracing tools make them."""

    def __init__(self, function: Any, seen: list[Any]) -> None:
        self._function, self._seen = function, seen

    def __get__(self, instance: Any, _owner: Any = None) -> Any:
        return lambda *given, **named: self(instance, *given, **named)

    def __call__(self, *given: Any, **named: Any) -> Any:
        self._seen.append(given)
        return self._function(*given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


def wrapping(function: Any, seen: list[Any]) -> Any:
    @wraps(function)
    def wrapper(*given: Any, **named: Any) -> Any:
        seen.append(given)
        return function(*given, **named)

    return wrapper


@pytest.fixture
def server():
    with RawServer(answering(OK)) as server:
        yield server


@pytest.mark.parametrize(("owner", "name"), ON_THE_WAY)
@pytest.mark.parametrize("kind", [wrapping, CallableObject])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_function_on_the_way_is_called(server, owner, name, kind, is_first):
    emitter = Emitter(server.url)
    seen: list[Any] = []
    if not is_first:
        emitter.http_post("{}")
    with mock.patch.object(owner, name, kind(getattr(owner, name), seen)):
        assert emitter.http_post("{}") == 200
    assert len(seen) == 1
    assert emitter.http_post("{}") == 200
    assert len(seen) == 1
    assert len(set(server.requests)) == 1


@pytest.mark.parametrize("name", ["post", "get"])
@pytest.mark.parametrize("kind", [wrapping, CallableObject])
def test_a_function_of_requests_itself_is_called(server, name, kind):
    emitter = Emitter(server.url, method=name)
    seen: list[Any] = []

    def send() -> int:
        return emitter.http_post("{}") if name == "post" else emitter.http_get({"e": "pv"})

    assert send() == 200
    with mock.patch.object(requests, name, kind(getattr(requests, name), seen)):
        assert send() == 200
    assert send() == 200
    assert len(seen) == 1


def test_a_patched_answer_counts(server):
    emitter = Emitter(server.url)
    answer = requests.Response()
    answer.status_code = 418
    emitter.http_post("{}")
    with mock.patch.object(HTTPAdapter, "send", return_value=answer):
        assert emitter.http_post("{}") == 418
    assert emitter.http_post("{}") == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", ["post", "get"])
def test_the_emitters_functions_answer_as_those_of_requests(server, name):
    class Mine(Emitter):
        def http_post(self, data: str) -> Any:
            return self.request_method.post(
                self.endpoint, data=data, headers={"X-Mine": "1"}, timeout=(3, 3)
            )

        def http_get(self, payload: Any) -> Any:
            return self.request_method.get(self.endpoint, params=payload, timeout=(3, 3))

    emitter = Mine(server.url, method=name)
    answer: Any = emitter.http_post("{}") if name == "post" else emitter.http_get({"e": "pv"})
    assert isinstance(answer, requests.Response)
    assert (answer.status_code, answer.text) == (200, "ok")
    emitter.endpoint = "http://127.0.0.1:9"
    with pytest.raises(requests.ConnectionError):
        emitter.http_post("{}")


def test_a_function_put_into_request_method_is_called(server):
    emitter = Emitter(server.url)
    calls: list[Any] = []
    emitter.request_method.post = lambda *given, **named: calls.append((given, named))
    assert emitter.http_post("{}") == -1
    [(given, named)] = calls
    assert given == (emitter.endpoint,)
    assert set(named) == {"data", "headers", "timeout"}
    assert server.requests == []


REPLACES_THE_ADAPTER = """
import sys
import requests

class Watching(requests.adapters.HTTPAdapter):
    def send(self, request, **settings):
        print(request.method)
        return super().send(request, **settings)

requests.sessions.HTTPAdapter = Watching
from snowplow_tracker import Emitter
assert Emitter(sys.argv[1]).http_post("{}") == 200
"""


def test_an_adapter_class_replaced_before_the_first_request_sends(server):
    command = [sys.executable, "-c", REPLACES_THE_ADAPTER, server.url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert run.stdout == "POST\n"
