"""The interface of emitters: parameters, attributes, addresses, patched functions of requests."""

from __future__ import annotations

import inspect
import json
from unittest import mock

import pytest
import requests

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker, emitters

URL = "http://127.0.0.1:9"
PARAMETERS = [
    *("endpoint", "protocol", "port", "method", "batch_size", "on_success", "on_failure"),
    *("byte_limit", "request_timeout", "max_retry_delay_seconds", "buffer_capacity"),
    *("custom_retry_codes", "event_store", "session"),
]
POST_PATH = "/com.snowplowanalytics.snowplow/tp2"
# endpoint, protocol, port, what it is but for the method's own path
ADDRESSES = [
    ("host", "https", None, "https://host"),
    ("host", "http", None, "http://host"),
    ("host", "http", 8080, "http://host:8080"),
    ("host:9090", "http", None, "http://host:9090"),
    ("host:9090", "http", 8080, "http://host:9090"),
    ("host/", "https", None, "https://host"),
    ("host///", "https", None, "https://host"),
    ("host/prefix", "https", 8080, "https://host:8080/prefix"),
    ("http://host", "https", None, "http://host"),
    ("https://host/path/", "http", None, "https://host/path"),
    ("https://host/path/", "http", 8443, "https://host:8443/path"),
    ("[::1]", "http", 9090, "http://[::1]:9090"),
]


@pytest.mark.parametrize(("endpoint", "protocol", "port", "base"), ADDRESSES)
def test_addresses(endpoint, protocol, port, base):
    assert Emitter(endpoint, protocol, port).endpoint == base + POST_PATH
    assert Emitter(endpoint, protocol, port, "get").endpoint == base + "/i"
    assert Emitter.as_collector_uri(endpoint, protocol, port, "post") == base + POST_PATH


def test_the_default_protocols():
    assert Emitter("localhost").endpoint.startswith("https://localhost/")
    assert AsyncEmitter("localhost").endpoint.startswith("http://localhost/")


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_parameters_have_their_places(kind):
    names = list(inspect.signature(kind).parameters)
    if kind is AsyncEmitter:
        assert names.pop(7) == "thread_count"
    assert names[: len(PARAMETERS)] == PARAMETERS


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"endpoint": ""}, ValueError, "endpoint"),
        ({"endpoint": None}, ValueError, "endpoint"),
        ({"protocol": "ftp"}, ValueError, "protocol is not supported"),
        ({"method": "put"}, ValueError, "method is not supported"),
        ({"batch_size": 1, "buffer_size": 1}, TypeError, "batch_size"),
    ],
)
def test_settings_that_cannot_be(settings, error, text):
    with pytest.raises(error, match=text):
        Emitter(**{"endpoint": "host", **settings})


def test_attributes_start_as_the_parameters_say():
    emitter = Emitter("host", batch_size=7, byte_limit=5_000, custom_retry_codes={500: False})
    assert (emitter.method, emitter.batch_size, emitter.buffer_size) == ("post", 7, 7)
    assert (emitter.byte_limit, emitter.bytes_queued) == (5_000, 0)
    assert (emitter.request_timeout, emitter.max_retry_delay_seconds) == (None, 60)
    assert (emitter.retry_delay, emitter.custom_retry_codes) == (0, {500: False})
    assert (emitter.on_success, emitter.on_failure, emitter.buffer) == (None, None, [])
    assert not emitter.timer.is_active()
    assert not emitter.retry_timer.is_active()
    with emitter.lock:
        assert emitter.event_store.size() == 0


@pytest.mark.parametrize(("method", "size"), [("post", 10), ("get", 1)])
def test_the_default_batch_sizes(method, size):
    assert Emitter("host", method=method).batch_size == size


def test_buffer_size_is_batch_size():
    emitter = Emitter("host", buffer_size=3)
    assert emitter.batch_size == 3
    emitter.buffer_size = 4
    assert emitter.batch_size == 4


def track(emitter: Emitter) -> str | None:
    event_id: str | None = Tracker("ns", emitter).track(StructuredEvent("shop", "add", "naïve"))
    return event_id


@pytest.mark.parametrize("settings", [{}, {"autospec": True}])
def test_a_patched_requests_post_is_called(settings):
    emitter = Emitter(URL, batch_size=1, request_timeout=5)
    answer = requests.Response()
    answer.status_code = 200
    with mock.patch("snowplow_tracker.emitters.requests.post", **settings) as post:
        post.return_value = answer
        event_id = track(emitter)
    [call] = post.call_args_list
    assert call.args == (URL + POST_PATH,)
    assert set(call.kwargs) == {"data", "headers", "timeout"}
    assert call.kwargs["headers"] == {"Content-Type": "application/json; charset=utf-8"}
    assert isinstance(call.kwargs["data"], str)
    assert json.loads(call.kwargs["data"])["data"][0]["eid"] == event_id
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize("settings", [{}, {"autospec": True}])
def test_a_patched_requests_get_is_called(settings):
    emitter = Emitter(URL, method="get")
    answer = requests.Response()
    answer.status_code = 200
    with mock.patch("snowplow_tracker.emitters.requests.get", **settings) as get:
        get.return_value = answer
        event_id = track(emitter)
    [call] = get.call_args_list
    assert call.args == (URL + "/i",)
    assert set(call.kwargs) == {"params", "timeout"}
    assert call.kwargs["params"]["eid"] == event_id
    assert emitter.stats()["sent"] == 1


def test_the_whole_of_requests_may_be_patched():
    emitter = Emitter(URL, batch_size=1)
    with mock.patch("snowplow_tracker.emitters.requests") as patched:
        patched.post.return_value.status_code = 200
        track(emitter)
    assert patched.post.call_count == 1
    assert emitter.stats()["sent"] == 1


def test_the_request_method_may_be_patched():
    emitter = Emitter(URL, batch_size=1)
    with mock.patch.object(emitter.request_method, "post") as post:
        post.return_value.status_code = 200
        track(emitter)
    assert isinstance(post.call_args.kwargs["data"], str)
    assert emitter.stats()["sent"] == 1


def test_a_patched_answer_of_another_status_is_a_failure():
    emitter = Emitter(URL, batch_size=1, custom_retry_codes={500: False})
    with mock.patch("snowplow_tracker.emitters.requests.post") as post:
        post.return_value.status_code = 500
        track(emitter)
    assert emitter.stats()["rejected"] == 1


def test_the_clock_of_the_module_may_be_patched():
    assert emitters.time.time() > 0
    event: dict[str, object] = {"e": "pv"}
    with mock.patch("snowplow_tracker.emitters.time.time", return_value=1_700_000_000.5):
        Emitter.attach_sent_timestamp([event])
    assert event["stm"] == "1700000000500"


@pytest.mark.parametrize(
    ("status", "is_good"), [(199, False), (200, True), (299, True), (300, False)]
)
def test_only_2xx_is_good(status, is_good):
    assert Emitter.is_good_status_code(status) is is_good
