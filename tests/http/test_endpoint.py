"""Collector addresses: what is taken, as what, and what is refused without naming a password."""

from __future__ import annotations

import socket

import pytest
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import AsyncEmitter, Emitter

PATH = "/com.snowplowanalytics.snowplow/tp2"
SECRET = "s3cr3t"

TAKEN = [
    (" host", None, "http://host"),
    ("host\n", None, "http://host"),
    ("\thttps://host:8080/ \r\n", None, "https://host:8080"),
    ("host\u00a0", None, "http://host"),
    ("::1", None, "http://[::1]"),
    ("::1", 8080, "http://[::1]:8080"),
    ("[::1]", 8080, "http://[::1]:8080"),
    ("[::1]:9090", 8080, "http://[::1]:9090"),
    ("2001:db8::1/prefix", 8080, "http://[2001:db8::1]:8080/prefix"),
    ("https://2001:db8::1", None, "https://[2001:db8::1]"),
    ("https://[2001:db8::1]:8443/p/", None, "https://[2001:db8::1]:8443/p"),
    ("http://user:pass@::1", 80, "http://user:pass@[::1]:80"),
    ("fe80::1%eth0", None, "http://[fe80::1%eth0]"),
    ("::ffff:127.0.0.1", None, "http://[::ffff:127.0.0.1]"),
    ("host:", 8080, "http://host:8080"),
    ("host:65535", None, "http://host:65535"),
    ("user:pass@host", 8080, "http://user:pass@host:8080"),
    ("http://user:p%3F%23%2F@host", None, "http://user:p%3F%23%2F@host"),
    ("http://host/a b", None, "http://host/a b"),
    ("http+unix://%2Frun%2Fsocket", None, "http+unix://%2Frun%2Fsocket"),
]

REFUSED = [
    *("", " ", "\n", "/", "http://", "http:///path", "http://:8080", ":8080", "user@"),
    *(
        "ho st",
        "host name:80",
        "ho\nst",
        "host\r\nX-A: b",
        "http://host/a\nb",
        "host\x00",
        "ho\x1bst",
    ),
    *("host:65536", "host:99999", "host:-1", "host:9x", "host:٣", "host:+1", "host:80:81"),
    *("[::1", "::1]", "[host]", "[::1]x", "[::1]:9x", "1::2::3", "12345::", "[]", "a:b:c", "::%"),
    *("host?a=b", "http://host/?a=b", "http://host/path#a", "host#"),
    *(f"user:{SECRET}#x@host", f"user:{SECRET}?x@host", f"user:{SECRET}/x@host"),
    *(f"http://user:{SECRET}@host:9x", f"http://user:{SECRET}@ho st", f"user:{SECRET}@[::1"),
]


@pytest.mark.parametrize(("endpoint", "port", "base"), TAKEN)
def test_an_endpoint_is_taken_as(endpoint, port, base):
    assert Emitter(endpoint, "http", port).endpoint == base + PATH


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize("endpoint", REFUSED)
def test_an_endpoint_that_cannot_be_is_a_value_error(kind, endpoint):
    with pytest.raises(ValueError, match="endpoint must") as raised:
        kind(endpoint, protocol="http")
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("form", ["::1", "[::1]", "http://[::1]", " ::1\n"])
def test_an_ipv6_address_is_sent_to(form):
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with RawServer(answering(OK), listening=listening) as server:
        emitter = Emitter(form, protocol="http", port=server.port)
        assert emitter.http_post("{}") == 200
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("endpoint", ["::1", " 127.0.0.1\n", "localhost ", "[::1]"])
def test_no_warning_of_plain_http_to_this_machine(endpoint, logged):
    AsyncEmitter(endpoint)
    assert logged("unencrypted") == 0


def test_user_info_is_sent_as_basic_authentication():
    with RawServer(answering(OK)) as server:
        emitter = Emitter(server.url.replace("://", "://user:p%23s@"))
        assert emitter.http_post("{}") == 200
    assert b"Authorization: Basic dXNlcjpwI3M=\r\n" in server.requests[0]
