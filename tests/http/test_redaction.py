"""No password, no event data and no terminal's escape in results, `stats()` and logs."""

from __future__ import annotations

import http.client
import logging
import re
from typing import Any
from unittest import mock

import pytest
import redis
import requests
import urllib3
from tests.http.raw_server import RawServer, answering

from snowplow_tracker import Emitter, PageView, StructuredEvent, Tracker
from snowplow_tracker._emitter import engine_of
from snowplow_tracker._http.redact import describe, describe_foreign, printable, redact_url

SECRET = "s3cr3t"
NOBODY = "http://127.0.0.1:9"

URLS = {
    f"http://user:{SECRET}@host/path": "http://host/path",
    f"http://{SECRET}@host": "http://host",
    f"http://host/i?e=pv&uid={SECRET}": "http://host/i",
    f"http://host/i#{SECRET}": "http://host/i",
    f"http://user:{SECRET}#x@host/tp2": "http://host/tp2",
    f"http://user:{SECRET}?x@host/tp2": "http://host/tp2",
    f"http://user:{SECRET}/x@host/tp2": "http://host/tp2",
    f"http://user:{SECRET} x@host/tp2": "http://host/tp2",
    f"http://user:{SECRET}@x@host/tp2": "http://host/tp2",
    f"user:{SECRET}@host/tp2": "host/tp2",
    "http://host/a@b": "http://host/a@b",
    "http://[::1]:80/tp2": "http://[::1]:80/tp2",
    "host:80/tp2": "host:80/tp2",
}


@pytest.mark.parametrize(("url", "shown"), URLS.items())
def test_a_url_is_shown_without_secrets(url, shown):
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError(f"Max retries exceeded with url: /i?uid={SECRET}"),
        requests.exceptions.InvalidURL(f"Failed to parse: 'user:{SECRET}' is not a valid host"),
        urllib3.exceptions.LocationParseError(f"user:{SECRET}"),
        requests.exceptions.ProxyError(
            urllib3.exceptions.MaxRetryError(
                mock.Mock(), f"/i?{SECRET}", OSError("Tunnel failed: 407")
            )
        ),
        http.client.InvalidURL(f"nonnumeric port: '{SECRET}'"),
        ValueError(f"invalid literal for int() with base 10: '{SECRET}'"),
        OSError(f"cannot reach http://user:{SECRET}@host/i?uid=1"),
        OSError(f"cannot reach http://user:{SECRET} 'x@host/i"),
        OSError(f"refused: /i?uid={SECRET}"),
        LookupError(f"https://host/i?e=pv&uid={SECRET} is away"),
    ],
)
def test_an_exception_is_described_without_secrets(error):
    text = describe(error)
    assert text.startswith(type(error).__name__)
    assert SECRET not in text


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (redis.ResponseError(f"WRONGTYPE of {SECRET}"), "ResponseError: WRONGTYPE"),
        (redis.ResponseError(f"Command # 1 (RPUSH k {SECRET}) failed"), "ResponseError"),
        (redis.ConnectionError(f"cannot reach redis://:{SECRET}@host"), "ConnectionError"),
        (LookupError(SECRET), "LookupError"),
        (ConnectionRefusedError(111, "Connection refused", SECRET), "Connection.*: Connection r.*"),
    ],
)
def test_an_exception_of_a_broker_is_described_by_types_and_codes(error, shown):
    assert re.fullmatch(shown, describe_foreign(error))
    outer = LookupError(SECRET)
    outer.__cause__ = error
    assert re.fullmatch(f"LookupError: {shown}", describe_foreign(outer))


def test_the_causes_of_a_network_error_are_named():
    result = Emitter(NOBODY, session=requests.Session())
    result.http_post("{}")
    assert result.stats()["last_error"].startswith("ConnectionError: MaxRetryError: NewConnection")
    assert "refused" in result.stats()["last_error"]


def test_an_exception_of_the_programs_own_keeps_its_text():
    assert describe(LookupError("mine")) == "LookupError: mine"
    assert describe(requests.ConnectionError("mine")) == "ConnectionError: mine"


def test_causes_in_a_circle_end():
    error, other = requests.ConnectionError(), requests.Timeout()
    error.__cause__, other.__cause__ = other, error
    assert describe(error).startswith("ConnectionError: Timeout: ")


def test_what_is_printed_is_one_short_line_for_terminals():
    assert printable("a\x1b[2J\x07\r\nb\u202e") == "a\\x1b[2J\\x07\\r\\nb\\u202e"
    assert len(printable("x" * 10_000)) < 400


def traced(send: Any) -> Any:
    def wrapper(*given, **named):
        return send(*given, **named)

    return wrapper


@pytest.mark.parametrize(
    "way", ["plain", "traced", "given", "override", "override that raises its own"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_log_has_no_event_data_of_a_failed_request(monkeypatch, caplog, way, method):
    class Overriding(Emitter):
        def http_get(self, payload: Any) -> Any:
            try:
                return requests.get(self.endpoint, params=payload, timeout=1)
            except requests.RequestException as error:
                if way == "override that raises its own":
                    raise LookupError("mine") from error
                raise

    caplog.set_level(logging.DEBUG)
    if way == "traced":
        monkeypatch.setattr(requests.Session, "send", traced(requests.Session.send))
    session = requests.Session() if way == "given" else None
    kind = Overriding if way.startswith("override") else Emitter
    emitter = kind(NOBODY, method=method, batch_size=1, session=session, request_timeout=1)
    Tracker("ns", emitter).track(PageView(f"http://x/?token={SECRET}"))
    assert "to be retried" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in str(emitter.stats()["last_error"])


@pytest.mark.parametrize(
    "proxy",
    [
        *(
            "http://user:{}@127.0.0.1:9",
            "sock://user:{}@127.0.0.1:9",
            "http://user:{}@127.0.0.1:9x",
        ),
        *("socks5://user:{}@127.0.0.1:9", "user:{}@127.0.0.1:9", "http://user:{}#@127.0.0.1:9"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("session", [None, requests.Session])
def test_the_log_has_no_password_of_a_proxy(monkeypatch, caplog, proxy, scheme, session):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(f"{scheme}_proxy", proxy.format(SECRET))
    emitter = Emitter(
        f"{scheme}://collector.example",
        batch_size=1,
        session=session and session(),
        request_timeout=1,
    )
    Tracker("ns", emitter).track(StructuredEvent("c", "a"))
    assert "to be retried" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in str(emitter.stats()["last_error"])


@pytest.mark.parametrize(
    "location",
    [f"http://user:{SECRET}@127.0.0.1:9/x", f"/i?uid={SECRET}", f"/\x1b]0;{SECRET[:0]}\x07"],
)
def test_a_redirect_is_logged_without_secrets(caplog, location):
    answer = f"HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answering(answer.encode())) as server:
        emitter = Emitter(server.url, batch_size=1)
        Tracker("ns", emitter).track(StructuredEvent("c", "a"))
    assert "HTTP 301, redirected to" in caplog.text
    assert SECRET not in caplog.text
    assert "\x1b" not in caplog.text


def test_a_malformed_head_is_not_logged_by_urllib3(caplog):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header\r\nX-A: b\r\n\r\nok"
    with RawServer(answering(answer)) as server:
        emitter = Emitter(server.url, method="get")
        Tracker("ns", emitter).track(PageView(f"http://x/?token={SECRET}"))
    assert emitter.stats()["sent"] == 1
    assert caplog.text == ""


@pytest.mark.parametrize(("status", "fate"), [(503, "to be retried"), (400, "given up")])
def test_the_same_failure_is_logged_once_a_minute_with_a_count(server, logged, status, fate):
    server.otherwise = status
    emitter = Emitter(server.url)
    for _ in range(4):
        emitter.send_events([{"e": "pv"}])
    assert len(server.requests) == 4
    assert logged(f"1 events .*{fate}") == 1
    engine_of(emitter).sender._log._next.clear()  # a minute later
    emitter.send_events([{"e": "pv"}])
    assert logged(rf"1 events .*{fate}.*\(3 more in the last minute\)") == 1


def test_an_override_that_raises_is_logged_once_a_minute(caplog):
    class Overriding(Emitter):
        def http_post(self, data: str) -> Any:
            raise LookupError(data[:0])

    emitter = Overriding(NOBODY)
    for _ in range(3):
        emitter.send_events([{"e": "pv"}])
    [record] = [record for record in caplog.records if record.exc_info]
    assert "http_post raised an exception" in record.getMessage()
