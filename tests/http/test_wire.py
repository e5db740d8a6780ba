"""Requests on the wire: paths, headers, times, connections, redirects, given sessions."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock

import pytest
import requests
from requests.adapters import HTTPAdapter

from snowplow_tracker import Emitter, StructuredEvent, Tracker

CONTENT_TYPE = "application/json; charset=utf-8"
SCHEMA = b'{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":['
TEXT = "naïve — 日本 😀"


def test_a_post_has_the_protocols_path_type_and_envelope(server, track):
    track(Tracker("ns", Emitter(server.url, batch_size=1)), "a")
    [request] = server.requests
    assert (request.method, request.target) == ("POST", "/com.snowplowanalytics.snowplow/tp2")
    assert request.headers["content-type"] == CONTENT_TYPE
    assert request.headers["user-agent"].startswith("python-requests/")
    assert request.body.startswith(SCHEMA)
    assert all(isinstance(value, str) for value in request.events[0].values())


def test_a_get_has_the_protocols_path_and_a_path_prefix_stays(server, track):
    track(Tracker("ns", Emitter(server.url + "/prefix/", method="get")), "a b")
    [request] = server.requests
    assert request.method == "GET"
    assert request.target.startswith("/prefix/i?")
    assert "se_la=a+b" in request.target


@pytest.mark.parametrize("method", ["post", "get"])
def test_the_collector_finds_every_event_good(snowplow, snowplow_tracker_factory, method):
    tracker = snowplow_tracker_factory(method=method, batch_size=2)
    tracker.track(StructuredEvent("shop", "add", TEXT, value=1.5))
    tracker.track(StructuredEvent("shop", "add", TEXT))
    snowplow.assert_tracked("struct", fields={"se_label": TEXT}, count=2)
    snowplow.assert_count(2)


@pytest.mark.parametrize("as_dict", [True, False])
def test_the_sent_time_is_in_milliseconds_and_never_before_creation(server, monkeypatch, as_dict):
    emitter = Emitter(server.url)
    tracker = Tracker("ns", emitter)
    if as_dict:
        assert emitter.buffer == []
    now = time.time()
    tracker.track(StructuredEvent("c", "a"))
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    tracker.track(StructuredEvent("c", "a"))
    tracker.flush()
    ahead, behind = server.requests[0].events
    assert ahead["stm"] == ahead["dtm"]
    assert behind["stm"] == behind["dtm"] == str(int((now - 3600) * 1000))


@pytest.mark.parametrize("as_dict", [True, False])
def test_the_emitters_clock_may_be_replaced(server, track, as_dict):
    emitter = Emitter(server.url)
    if as_dict:
        assert emitter.buffer == []
    track(Tracker("ns", emitter), "a")
    with mock.patch("snowplow_tracker.emitters.time") as clock:
        clock.time.return_value = 4_000_000_000.0
        emitter.flush()
    assert server.requests[0].events[0]["stm"] == "4000000000000"


def test_a_stamp_of_the_callers_own_is_replaced(server):
    emitter = Emitter(server.url, batch_size=1)
    emitter.input({"e": "pv", "stm": "1"})
    assert len(server.requests[0].events[0]["stm"]) == 13


def test_one_connection_serves_many_batches(server, track):
    track(Tracker("ns", Emitter(server.url, batch_size=2)), *range(20))
    assert len(server.requests) == 10
    assert server.connections == 1


def test_a_kept_connection_that_the_server_has_closed_costs_no_event(server, track, until):
    tracker = Tracker("ns", Emitter(server.url, batch_size=1, max_retry_delay_seconds=0.05))
    server.script.append((200, {"Connection": "close"}))
    track(tracker, "a", "b")
    until(lambda: server.labels() == ["a", "b"])


def test_an_own_session_keeps_no_cookies(server, track):
    server.otherwise = (200, {"Set-Cookie": "sp=user; Path=/"})
    track(Tracker("ns", Emitter(server.url, batch_size=1)), "a", "b")
    assert all("cookie" not in request.headers for request in server.requests)


@pytest.mark.parametrize("session", [None, requests.Session])
@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_loses_the_body_is_a_failed_attempt(server, track, logged, status, session):
    server.script.append((status, {"Location": f"{server.url}/elsewhere"}))
    given = session and session()
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=30, session=given)
    track(Tracker("ns", emitter), "a")
    assert logged(rf"{status}.*{server.url}/elsewhere") == 1
    assert emitter.stats()["queued"] == 1
    assert emitter.retry_timer.is_active()


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_body_is_followed(server, track, status):
    server.script.append((status, {"Location": f"{server.url}/elsewhere"}))
    emitter = Emitter(server.url, batch_size=1)
    track(Tracker("ns", emitter), "a")
    assert [(r.method, r.target) for r in server.requests][1:] == [("POST", "/elsewhere")]
    assert server.requests[1].body == server.requests[0].body
    assert emitter.stats()["sent"] == 1


def test_a_get_follows_a_redirect(server, track):
    server.script.append((302, {"Location": f"{server.url}/elsewhere"}))
    emitter = Emitter(server.url, method="get")
    track(Tracker("ns", emitter), "a")
    assert server.requests[1].target == "/elsewhere"
    assert emitter.stats()["sent"] == 1


class CountingAdapter(HTTPAdapter):
    sent = 0

    def send(self, *args, **kwargs):
        self.sent += 1
        return super().send(*args, **kwargs)


@pytest.mark.parametrize("method", ["post", "get"])
def test_a_given_session_sends_with_all_that_it_has(server, track, method):
    session = requests.Session()
    session.headers["X-Team"] = "shop"
    session.auth = ("user", "secret")
    adapter = CountingAdapter()
    session.mount("http://", adapter)
    emitter = Emitter(server.url, method=method, batch_size=1, session=session)
    track(Tracker("ns", emitter), TEXT)
    [request] = server.requests
    assert request.headers["x-team"] == "shop"
    assert request.headers["authorization"].startswith("Basic ")
    assert adapter.sent == 1
    if method == "post":
        assert server.labels() == [TEXT]


class Session:
    """The least that a session is."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def post(self, url, data, headers, timeout):
        self.calls.append((data, headers, timeout))
        return requests.post(url, data=data, headers=headers, timeout=timeout)

    def get(self, url, params, timeout):
        self.calls.append((params, timeout))
        return requests.get(url, params=params, timeout=timeout)


def test_any_object_with_post_sends(server, track):
    session = Session()
    track(Tracker("ns", Emitter(server.url, batch_size=1, session=session)), TEXT)
    [(data, headers, timeout)] = session.calls
    assert isinstance(data, str)
    assert data.isascii()
    assert (headers, timeout) == ({"Content-Type": CONTENT_TYPE}, (10, 30))
    assert server.labels() == [TEXT]


def test_any_object_with_get_sends(server, track):
    session = Session()
    emitter = Emitter(server.url, method="get", session=session, request_timeout=7)
    track(Tracker("ns", emitter), TEXT)
    [(params, timeout)] = session.calls
    assert params["se_la"] == TEXT
    assert timeout in {7, (7, 7)}
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize("method", ["post", "get"])
def test_a_session_patched_after_construction_is_seen(track, method):
    session = requests.Session()
    emitter = Emitter("http://127.0.0.1:9", method=method, batch_size=1, session=session)
    with mock.patch.object(session, method) as send:
        send.return_value.status_code = 200
        track(Tracker("ns", emitter), "a")
    assert send.call_count == 1
    assert emitter.stats()["sent"] == 1


def test_a_patched_session_send_is_seen(track):
    answer = requests.Response()
    answer.status_code = 200
    emitter = Emitter("http://127.0.0.1:9", batch_size=1)
    with mock.patch.object(requests.Session, "send", return_value=answer) as send:
        track(Tracker("ns", emitter), "a")
    assert send.call_count == 1
    assert emitter.stats()["sent"] == 1
