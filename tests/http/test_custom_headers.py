"""`custom_headers`, `server_anonymous` and paths, over real connections."""

from __future__ import annotations

import logging
import re
import threading
from functools import partial
from typing import Any
from unittest import mock

import pytest
import requests
from tests.support import ScriptedServer

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    EmitterConfiguration,
    PageView,
    Snowplow,
    StructuredEvent,
    Tracker,
)
from snowplow_tracker._http import client, direct, prepared_route
from snowplow_tracker.collector import CollectorServer

KINDS = [Emitter, AsyncEmitter]
METHODS = ["post", "get"]
WAYS = ["direct", "urllib3", "requests", "function", "session"]
SECRET = "s3cr3t-t0ken"
TOKEN = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": "k3y-of-mine"}
FAR = 1000


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """The settings of an emitter whose requests take one of the ways."""
    if request.param == "urllib3":
        monkeypatch.setattr(direct, "has_original_connections", lambda: False)
    if request.param == "requests":
        monkeypatch.setattr(client, "_is_unpatched", lambda: False)
    if request.param == "function":
        monkeypatch.setattr(requests, "post", partial(requests.post))
        monkeypatch.setattr(requests, "get", partial(requests.get))
    return {"session": requests.Session()} if request.param == "session" else {}


def send(emitter: Emitter, times: int = 2) -> None:
    tracker = Tracker("ns", emitter)
    for number in range(times):
        tracker.track(StructuredEvent("shop", "add", str(number)))
        emitter.sync_flush()


@pytest.fixture
def other() -> Any:
    """Another host: one with another port."""
    with ScriptedServer().serving() as server:
        yield server


# --- headers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_they_are_sent_with_each_request(server, way, kind, method):
    emitter = kind(server.url, method=method, custom_headers=TOKEN, batch_size=100, **way)
    send(emitter, 3)
    for request in server.requests:
        assert TOKEN.items() <= dict(request.headers.items()).items()
        if method == "post":
            assert request.headers["Content-Type"] == "application/json; charset=utf-8"
            assert int(request.headers["Content-Length"]) == len(request.body)
    assert server.labels() == ["0", "1", "2"]


def test_a_connection_is_kept_and_the_head_is_made_once(server, monkeypatch):
    made = []
    original = prepared_route.PreparedRoute.__init__

    def noting(self, *arguments):
        made.append(arguments)
        original(self, *arguments)

    monkeypatch.setattr(prepared_route.PreparedRoute, "__init__", noting)
    tokens = iter(["one", "one", "one", "two", "two"])
    emitter = Emitter(server.url, batch_size=100, custom_headers=lambda: {"X-Token": next(tokens)})
    send(emitter, 5)
    assert [request.headers["X-Token"] for request in server.requests] == [
        *("one", "one", "one", "two", "two")
    ]
    assert len(made) == 2
    assert server.connections == 1


def test_a_value_may_be_anything_but_a_line_end(server, way):
    odd = {"X-Odd": "a: {length} \t é ;=,\"'", "User-Agent": "mine/1", "X-Empty": ""}
    send(Emitter(server.url, batch_size=100, custom_headers=odd, **way))
    for request in server.requests:
        assert request.headers["X-Odd"].encode("latin-1") == odd["X-Odd"].encode("latin-1")
        assert request.headers["User-Agent"] == "mine/1"
        assert request.headers["X-Empty"] == ""


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter, partial(EmitterConfiguration)])
@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"X-A": f"{SECRET}\r\nX-B: 1"}, "X-A"),
        ({"X-A": f"{SECRET}\n"}, "X-A"),
        ({"X-A": f"{SECRET}\0"}, "X-A"),
        ({"X-A": f"{SECRET}\u20ac"}, "X-A"),
        ({"X-A": SECRET.encode()}, "X-A"),
        ({"X-A": 1}, "X-A"),
        ({"X A": SECRET}, "X A"),
        ({"X-A:": SECRET}, "X-A:"),
        ({"": SECRET}, "''"),
        ({1: SECRET}, "1"),
        ({"content-type": SECRET}, "content-type"),
        ({"Content-Length": SECRET}, "Content-Length"),
        ({"Host": SECRET}, "Host"),
        ({"Connection": SECRET}, "Connection"),
        ({"Transfer-Encoding": SECRET}, "Transfer-Encoding"),
        ([("X-A", SECRET)], "list"),
        (SECRET, "str"),
    ],
)
def test_headers_that_cannot_be_are_refused_by_name(kind, headers, text):
    with pytest.raises(ValueError, match=r"custom_headers must|custom_headers has") as refused:
        kind(**({} if isinstance(kind, partial) else {"endpoint": "h"}), custom_headers=headers)
    assert text in str(refused.value)
    assert SECRET not in str(refused.value)


def test_assigned_ones_are_checked_and_apply_to_the_next_request(server, way):
    given = {"X-A": "first"}
    emitter: Any = Emitter(server.url, batch_size=100, custom_headers=given, **way)
    given["X-A"] = "changed"  # a copy was made
    send(emitter, 1)
    with pytest.raises(ValueError, match="X-B"):
        emitter.custom_headers = {"X-B": "\n"}
    emitter.custom_headers["X-A"] = "second"
    send(emitter, 1)
    emitter.custom_headers = None
    send(emitter, 1)
    assert [request.headers["X-A"] for request in server.requests] == ["first", "second", None]


# --- a function


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("result", "text"),
    [
        (OSError(SECRET), "custom_headers raised OSError"),
        ({"X-A": f"{SECRET}\n"}, "custom_headers must .* in 'X-A'"),
        (None, "custom_headers must be a mapping .*: NoneType"),
        ([SECRET], "custom_headers must be a mapping .*: list"),
    ],
)
def test_a_function_that_fails_fails_the_attempt(server, until, logged, caplog, kind, result, text):
    caplog.set_level(logging.DEBUG)
    results = [result, result]

    def headers() -> Any:
        if not results:
            return TOKEN
        if isinstance(failure := results.pop(), Exception):
            raise failure
        return failure

    emitter = kind(server.url, batch_size=100, custom_headers=headers, max_retry_delay_seconds=0.01)
    send(emitter, 1)
    until(lambda: emitter.stats()["sent"] == 1)
    assert emitter.stats()["retried"] == 2
    assert len(server.requests) == 1
    assert logged(f"not sent, to be retried: {text}") == 1
    assert re.match(text, emitter.stats()["last_error"])
    assert SECRET not in caplog.text + str(emitter.stats())


def test_a_function_is_called_on_the_sending_thread_without_a_lock(server):
    threads = []

    def headers() -> dict[str, str]:
        threads.append(threading.current_thread().name)
        done = threading.Thread(target=emitter.stats)
        done.start()
        done.join(10)
        assert not done.is_alive()
        return TOKEN

    emitter = AsyncEmitter(server.url, batch_size=100, custom_headers=headers)
    send(emitter)
    assert len(server.requests) == len(threads) == 2
    assert all(name.startswith("snowplow-emitter") for name in threads)


# --- secrets


@pytest.mark.parametrize("status", [200, 307, 308])
@pytest.mark.parametrize("method", METHODS)
def test_a_redirect_to_another_host_does_not_carry_them(
    server, other, way, request, status, method
):
    """Of a function that a program has put in the place of `requests.post`, it is its own."""
    if "function" in request.node.callspec.id:
        pytest.skip("the program follows the redirect")
    server.otherwise = (status, {"Location": f"{other.url}/elsewhere"}) if status > 200 else 200
    headers = {**TOKEN, "User-Agent": "mine/1", "SP-Anonymous": "*"}
    emitter = Emitter(server.url, method=method, batch_size=100, custom_headers=headers, **way)
    send(emitter)
    assert len(server.requests) == 2
    assert len(other.requests) == (2 if status > 200 else 0)
    for each in other.requests:
        assert not (TOKEN.keys() & set(each.headers.keys()))
        assert each.headers["User-Agent"] != "mine/1"
        assert each.headers["SP-Anonymous"] == "*"
        assert SECRET not in str(each.headers)
        if method == "post":
            assert each.headers["Content-Type"] == "application/json; charset=utf-8"
            assert len(each.events) == 1


def test_a_redirect_within_the_host_carries_them(server, way):
    server.script.append((307, {"Location": "/elsewhere"}))
    send(Emitter(server.url, batch_size=100, custom_headers=TOKEN, **way), 1)
    redirected = server.requests[1]
    assert redirected.target == "/elsewhere"
    assert TOKEN.items() <= dict(redirected.headers.items()).items()


def test_a_netrc_file_does_not_replace_them(server, way, request, monkeypatch, tmp_path):
    if "function" in request.node.callspec.id:
        pytest.skip("requests itself prefers the file")
    file = tmp_path / "netrc"
    file.write_text("default login user password other\n")
    monkeypatch.setenv("NETRC", str(file))
    send(Emitter(server.url, batch_size=100, custom_headers=TOKEN, **way))
    assert {each.headers["Authorization"] for each in server.requests} == {TOKEN["Authorization"]}


def test_no_log_and_no_number_shows_a_value(server, way, caplog):
    caplog.set_level(logging.DEBUG)
    server.script += [500, 401, "cut", (302, {"Location": "/x"})]
    emitter = Emitter(
        server.url,
        batch_size=100,
        custom_headers=TOKEN,
        max_retry_delay_seconds=0,
        custom_retry_codes={401: True, 302: True},
        **way,
    )
    send(emitter, 6)
    emitter.close()
    shown = caplog.text + str(emitter.stats())
    assert not any(value in shown for value in (SECRET, *TOKEN.values()))


def test_what_a_session_raises_is_shown_without_values(caplog):
    class Talkative:
        def post(self, _: str, **request: Any) -> Any:
            raise LookupError(f"cannot send {request['headers']}")

    emitter = Emitter("127.0.0.1:9", session=Talkative(), batch_size=100, custom_headers=TOKEN)
    send(emitter, 1)
    assert "cannot send" in emitter.stats()["last_error"]
    assert SECRET not in caplog.text + str(emitter.stats())


def test_a_configuration_shows_names_only():
    config = EmitterConfiguration(custom_headers=TOKEN)
    assert "custom_headers={'Authorization': ..., 'X-Api-Key': ...}" in repr(config)
    config.custom_headers = partial(dict, **{"X-A": SECRET})
    assert SECRET not in repr(config)


# --- sessions of the program


def test_they_are_merged_over_those_of_the_session(server):
    session = requests.Session()
    session.headers.update({"X-Api-Key": "the session's", "X-Other": "kept"})
    session.auth = ("user", "password")
    send(Emitter(server.url, batch_size=100, session=session, custom_headers=TOKEN), 1)
    headers = dict(server.requests[0].headers.items())
    assert TOKEN.items() <= headers.items()
    assert headers["X-Other"] == "kept"
    assert session.headers["X-Api-Key"] == "the session's"


def test_a_session_of_another_class_keeps_what_it_does(server):
    class Counting(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def post(self, url: Any, data: Any = None, json: Any = None, **settings: Any) -> Any:
            self.count += 1
            return super().post(url, data, json, **settings)

    session = Counting()
    send(Emitter(server.url, batch_size=100, session=session, custom_headers=TOKEN))
    assert session.count == 2
    assert server.connections == 1


def test_another_kind_of_session_gets_them(server):
    session = mock.Mock(spec=["post", "get"])
    session.post.return_value.status_code = 200
    send(Emitter(server.url, batch_size=100, session=session, custom_headers=TOKEN), 1)
    assert TOKEN.items() <= session.post.call_args.kwargs["headers"].items()


def test_without_them_a_session_gets_what_it_always_got(server):
    methods: list[Any] = [*METHODS]
    for method in methods:
        session = mock.Mock(spec=["post", "get"])
        getattr(session, method).return_value.status_code = 200
        send(Emitter(server.url, method=method, batch_size=100, session=session), 1)
        expected = {"data", "headers", "timeout"} if method == "post" else {"params", "timeout"}
        assert getattr(session, method).call_args.kwargs.keys() == expected


# --- anonymity


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_anonymous_requests_say_so_from_the_next_one_on(server, way, kind, method):
    emitter = kind(server.url, method=method, batch_size=100, server_anonymous=True, **way)
    send(emitter, 1)
    emitter.server_anonymous = False
    send(emitter, 1)
    emitter.server_anonymous = True
    send(emitter, 1)
    assert [each.headers["SP-Anonymous"] for each in server.requests] == ["*", None, "*"]


@pytest.mark.parametrize("target", ["/elsewhere", None])
def test_anonymous_requests_send_and_keep_no_cookie(server, way, request, target):
    if target and "function" in request.node.callspec.id:
        pytest.skip("the program follows the redirect")
    cookie = {"Set-Cookie": "sp=1234; Path=/"}
    session = way.get("session")
    if session is not None:
        session.cookies.set("sp", "old")
        session.headers["Cookie"] = "a=b"
    server.otherwise = lambda request: (
        (307, {"Location": target, **cookie})
        if target and request.target != target
        else (200, cookie)
    )
    emitter = Emitter(
        server.url,
        batch_size=100,
        custom_headers={"Cookie": "c=d", "X-A": "b"},
        server_anonymous=True,
        **way,
    )
    send(emitter)
    assert emitter.stats()["sent"] == 2
    assert [each.headers["Cookie"] for each in server.requests] == [None] * len(server.requests)
    if session is not None:
        assert session.cookies.get_dict() == {"sp": "old"}
        assert session.headers["Cookie"] == "a=b"


def test_other_requests_of_a_session_keep_its_cookies(server):
    session = requests.Session()
    server.otherwise = (200, {"Set-Cookie": "sp=1234; Path=/"})
    send(Emitter(server.url, batch_size=100, session=session, custom_headers=TOKEN))
    assert [each.headers["Cookie"] for each in server.requests] == [None, "sp=1234"]


@pytest.mark.parametrize("value", [None, 1, "yes"])
@pytest.mark.parametrize("kind", [partial(Emitter, "h"), EmitterConfiguration])
def test_anonymity_is_a_bool(kind, value):
    with pytest.raises(ValueError, match="server_anonymous"):
        kind(server_anonymous=value)


# --- paths


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("post_path", "get_path", "prefix", "post_to", "get_to"),
    [
        ("com.acme/track", "i", "", "/com.acme/track", "/i"),
        ("com.acme/track", "pixel.gif", "/sp", "/sp/com.acme/track", "/sp/pixel.gif"),
        ("/com.acme/track", "pixel", "/sp", "/com.acme/track", "/sp/pixel"),
        ("com.acme/track", "/pixel", "/sp", "/sp/com.acme/track", "/pixel"),
        ("/a/b", "/c", "/sp", "/a/b", "/c"),
        ("one", "c", "", "/one", "/c"),
    ],
)
def test_paths(server, way, kind, post_path, get_path, prefix, post_to, get_to):
    paths = {"post_path": post_path, "get_path": get_path}
    for method, target in (("post", post_to), ("get", get_to)):
        emitter = kind(f"{server.url}{prefix}/", method=method, batch_size=100, **paths, **way)
        assert emitter.endpoint == f"{server.url}{target}"
        send(emitter, 1)
        assert server.requests[-1].target.partition("?")[0] == target
    emitter.input({"e": "se", "se_la": "long", "se_pr": "x" * 20_000})
    emitter.sync_flush()
    assert (server.requests[-1].method, server.requests[-1].target) == ("POST", post_to)


@pytest.mark.parametrize("name", ["post_path", "get_path"])
@pytest.mark.parametrize("path", ["", "/", "a b", "a?b", "a#b", "a\n", None, 1, b"a"])
@pytest.mark.parametrize("kind", [partial(Emitter, "h"), EmitterConfiguration])
def test_paths_that_cannot_be(kind, name, path):
    with pytest.raises(ValueError, match=name):
        kind(**{name: path})


def test_an_own_uri_stays_as_it_is(server):
    class Mine(Emitter):
        @staticmethod
        def as_collector_uri(endpoint, *_: Any) -> str:
            return f"{endpoint}/mine"

    assert Mine(server.url, post_path="com.acme/track").endpoint == f"{server.url}/mine"


def test_a_configuration_reaches_the_emitter(server):
    config = EmitterConfiguration(
        custom_headers=TOKEN, post_path="com.acme/track", get_path="p", server_anonymous=True
    )
    tracker = Snowplow.create_tracker("custom headers", server.url, emitter_config=config)
    try:
        tracker.track(PageView("https://www.example.com/"))
        tracker.flush()
    finally:
        Snowplow.reset()
    [request] = server.requests
    assert request.target == "/com.acme/track"
    assert {**TOKEN, "SP-Anonymous": "*"}.items() <= dict(request.headers.items()).items()
    emitter: Any = tracker.emitters[0]
    assert (emitter.custom_headers, emitter.get_path) == (TOKEN, "p")


def test_the_local_collector_takes_events_at_an_own_path():
    paths = {"/com.acme/track": "/com.snowplowanalytics.snowplow/tp2"}
    with CollectorServer(port=0, paths=paths) as collector:
        url = f"{collector.url}/com.acme/track"
        preflight = requests.options(url, headers={"Origin": "https://shop.example"}, timeout=10)
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        emitter = Emitter(
            collector.url, batch_size=100, post_path="com.acme/track", custom_headers=TOKEN
        )
        send(emitter, 1)
        [event] = requests.get(f"{collector.url}/micro/good", timeout=10).json()
        assert event["event"]["se_label"] == "0"
