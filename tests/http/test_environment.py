"""The fast path uses the environment's settings as of each request."""

from __future__ import annotations

import pytest
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import Emitter

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("http_proxy", "all_proxy", "no_proxy", "netrc"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    with RawServer(answering(OK)) as server:
        yield server


@pytest.fixture
def send():
    """Sends a request by either method; returns the status."""
    return lambda emitter: (
        emitter.http_post("{}") if emitter.method == "post" else emitter.http_get({"e": "pv"})
    )


pytestmark = pytest.mark.parametrize("method", ["post", "get"])


def test_a_proxy_comes_and_goes(server, monkeypatch, method, send):
    emitter = Emitter("http://collector.example", method=method)
    with RawServer(answering(OK)) as other:
        for proxy in (server, other, server):
            monkeypatch.setenv("http_proxy", proxy.url)
            assert send(emitter) == 200
    assert (len(server.requests), len(other.requests)) == (2, 1)
    assert all(b" http://collector.example/" in request for request in server.requests)


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_no_proxy_is_heeded(server, monkeypatch, method, send, name):
    monkeypatch.setenv("http_proxy", UNREACHABLE)
    emitter = Emitter(server.url, method=method)
    assert send(emitter) == -1
    monkeypatch.setenv(name, "example.com,127.0.0.1")
    assert send(emitter) == 200
    monkeypatch.setenv(name, "example.com")
    assert send(emitter) == -1


def test_a_netrc_comes_and_goes(server, monkeypatch, tmp_path, method, send):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login shop password secret\n")
    netrc.chmod(0o600)
    emitter = Emitter(server.url, method=method)
    send(emitter)
    monkeypatch.setenv("NETRC", str(netrc))
    send(emitter)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    send(emitter)
    assert [b"Authorization" in request for request in server.requests] == [False, True, False]


def test_another_endpoint_is_another_route(server, method, send):
    emitter = Emitter(server.url, method=method)
    with RawServer(answering(OK)) as other:
        for place in (other, server, other):
            emitter.endpoint = emitter.as_collector_uri(place.url + "/x", method=method)
            assert send(emitter) == 200
    assert (len(server.requests), len(other.requests)) == (1, 2)
    assert all(b" /x/" in request for request in other.requests + server.requests)
