"""TLS on the fast path: certificates are always verified, by the environment's bundle if set."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import Emitter

BUNDLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
PROXIES = ["https_proxy", "all_proxy", "no_proxy"]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def other_bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "other.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return str(path)


def context_for(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def server(authority):
    with RawServer(answering(OK), context_for(authority, "127.0.0.1")) as server:
        yield server


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in (*BUNDLES, *PROXIES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def post(emitter: Emitter) -> int:
    return emitter.http_post("{}")


def assert_refused(
    emitter: Any, server: RawServer, reason: str = "CERTIFICATE_VERIFY_FAILED"
) -> None:
    sent = len(server.requests)
    assert post(emitter) == -1
    assert reason in emitter.stats()["last_error"]
    assert len(server.requests) == sent


def test_a_certificate_of_an_unknown_authority_is_refused(server):
    assert_refused(Emitter(server.url), server)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_of_the_environment_is_trusted(server, monkeypatch, bundle, name):
    monkeypatch.setenv(name, bundle)
    emitter = Emitter(server.url)
    assert [post(emitter), post(emitter)] == [200, 200]
    assert server.connections == 1


def test_a_bundle_without_the_authority_is_not(server, monkeypatch, other_bundle):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other_bundle)
    assert_refused(Emitter(server.url), server)


def test_the_bundle_of_requests_goes_before_that_of_curl(server, monkeypatch, bundle, other_bundle):
    monkeypatch.setenv("CURL_CA_BUNDLE", bundle)
    emitter = Emitter(server.url)
    assert post(emitter) == 200
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other_bundle)
    assert_refused(emitter, server)


def test_a_change_of_the_environment_holds_for_the_next_request(
    server, monkeypatch, bundle, other_bundle
):
    emitter = Emitter(server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert post(emitter) == 200
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other_bundle)
    assert_refused(emitter, server)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert_refused(emitter, server)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert post(emitter) == 200


def test_a_bundle_that_is_not_there_is_a_failed_attempt_that_names_it(
    server, monkeypatch, tmp_path
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    emitter = Emitter(server.url)
    assert post(emitter) == -1
    assert "missing.pem" in emitter.stats()["last_error"]


def test_a_certificate_for_another_name_is_refused(authority, monkeypatch, bundle):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with RawServer(answering(OK), context_for(authority, "collector.example")) as server:
        assert_refused(Emitter(server.url), server, "match")


@pytest.mark.parametrize("credentials", ["", "user:secret@"])
def test_a_proxy_of_the_environment_is_asked_for_a_tunnel(
    authority, monkeypatch, bundle, credentials
):
    inside = context_for(authority, "collector.example")

    def proxy(server, connection):
        assert server.take(connection)
        connection.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
        with inside.wrap_socket(connection, server_side=True) as encrypted:
            answering(OK)(server, encrypted)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with RawServer(proxy) as server:
        monkeypatch.setenv("https_proxy", f"http://{credentials}127.0.0.1:{server.port}")
        emitter = Emitter("https://collector.example")
        assert [post(emitter), post(emitter)] == [200, 200]
    connect, *posts = server.requests
    assert connect.startswith(b"CONNECT collector.example:443 HTTP/1.")
    assert (b"Proxy-Authorization: Basic" in connect) is bool(credentials)
    assert len(posts) == 2
    assert not any(b"Proxy-Authorization" in request for request in posts)


def test_a_tunnel_that_is_refused_is_a_failed_attempt(monkeypatch):
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answering(refusal)) as server:
        monkeypatch.setenv("https_proxy", server.url)
        emitter = Emitter("https://collector.example")
        assert post(emitter) == -1
    assert "407" in emitter.stats()["last_error"]
