"""`request_timeout` and `exit_timeout` limit an attempt as a whole, whatever it waits for."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
import requests
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker

NAME = "collector.test"
SOON = 4  # seconds: long before what is waited for would end by itself
KINDS = [Emitter, AsyncEmitter]
SESSIONS = [None, requests.Session]
genuine_getaddrinfo = socket.getaddrinfo


@pytest.fixture(autouse=True)
def no_call_goes_on(until):
    """Waits for the calls that were given up: they would go on during another test."""
    yield
    until(lambda: not waiting_threads())


@pytest.fixture
def hanging_names(monkeypatch):
    """A name server that does not answer before the test's end."""
    ended = threading.Event()

    def getaddrinfo(host, *given, **named):
        if host == NAME:
            ended.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return genuine_getaddrinfo(host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield ended
    ended.set()


@contextmanager
def soon():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON


def waiting_threads() -> int:
    return sum(thread.name == "snowplow-request" for thread in threading.enumerate())


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("protocol", ["http", "https"])
@pytest.mark.parametrize("timeout", [0.2, (0.1, 0.1)])
def test_a_name_that_is_not_resolved_is_a_failed_attempt(hanging_names, session, protocol, timeout):
    given = session and session()
    emitter = Emitter(NAME, protocol=protocol, request_timeout=timeout, session=given)
    with soon():
        assert emitter.http_post("{}") == -1
    assert "time" in str(emitter.stats()["last_error"]).lower()
    assert not hanging_names.is_set()


def test_a_name_that_is_never_resolved_keeps_one_thread(hanging_names, until):
    emitter = Emitter(NAME, request_timeout=0.05)
    before = waiting_threads()
    for _ in range(5):
        assert emitter.http_post("{}") == -1
    assert waiting_threads() <= before + 1
    hanging_names.set()
    until(lambda: waiting_threads() <= before)


def test_a_given_session_keeps_a_limited_number_of_threads(hanging_names, until):
    emitter = Emitter(NAME, request_timeout=0.02, session=requests.Session())
    before = waiting_threads()
    for _ in range(12):
        assert emitter.http_post("{}") == -1
    assert waiting_threads() <= before + 8
    hanging_names.set()
    until(lambda: waiting_threads() <= before)


def test_a_name_that_is_resolved_later_is_sent_to(hanging_names, server, monkeypatch):
    emitter = Emitter(f"http://{NAME}:{server.port}", request_timeout=0.3)
    assert emitter.http_post("{}") == -1
    hanging_names.set()
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda _, *given, **named: genuine_getaddrinfo("127.0.0.1", *given, **named),
    )
    emitter.request_timeout = 10
    assert emitter.http_post("{}") == 200


@pytest.mark.usefixtures("hanging_names")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("session", SESSIONS)
def test_close_and_track_end_in_time_without_a_name_server(kind, session):
    emitter = kind(NAME, protocol="https", session=session and session(), batch_size=2)
    tracker = Tracker("ns", emitter)
    tracker.track(StructuredEvent("c", "a"))
    with soon():
        emitter.close(0.2)
    emitter = Emitter(NAME, request_timeout=0.2, batch_size=1, session=session and session())
    with soon():
        Tracker("ns", emitter).track(StructuredEvent("c", "a"))


PROGRAM = """
import socket, sys, threading, requests
import snowplow_tracker as s

genuine = socket.getaddrinfo
def getaddrinfo(host, *given, **named):
    if host == "collector.test":
        threading.Event().wait(30)
    return genuine(host, *given, **named)

socket.getaddrinfo = getaddrinfo
kind, url, is_given = sys.argv[1:]
emitter = getattr(s, kind)(
    url, exit_timeout=0.3, session=requests.Session() if is_given == "True" else None
)
s.Tracker("ns", emitter).track(s.StructuredEvent("c", "a"))
"""


def drips(server, connection):
    server.take(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    server.drip(connection, b"x")


def redirects_slowly(server, connection):
    while server.take(connection) and not server.ended.wait(0.2):
        connection.sendall(b"HTTP/1.1 307 Moved\r\nLocation: /tp2\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("is_given", [True, False])
@pytest.mark.parametrize("talk", [None, drips, redirects_slowly])
def test_the_exit_ends_in_time(kind, is_given, talk):
    with RawServer(talk or answering(OK)) as server:
        url = server.url if talk else f"http://{NAME}"
        command = [sys.executable, "-c", PROGRAM, kind, url, str(is_given)]
        with soon():
            ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    if talk is not drips or is_given:
        assert "1 events were not delivered" in ran.stderr


@pytest.fixture
def nowhere():
    """A port whose connections are neither accepted nor refused: its queue is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for each in waiting:
            each.close()


def resolving_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    def getaddrinfo(host, port, *given, **named):
        if host != NAME:
            return genuine_getaddrinfo(host, port, *given, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("timeout", [1, (0.3, 2)])
def test_after_an_address_that_leads_nowhere_the_next_one_is_tried(
    monkeypatch, server, nowhere, timeout
):
    resolving_to(monkeypatch, nowhere, server.port)
    emitter = Emitter(NAME, protocol="http", request_timeout=timeout)
    with soon():
        assert emitter.http_post("{}") == 200


@pytest.mark.parametrize("session", SESSIONS)
def test_many_addresses_that_lead_nowhere_are_one_attempt(monkeypatch, nowhere, session):
    resolving_to(monkeypatch, *[nowhere] * 40)
    emitter = Emitter(
        NAME, protocol="http", request_timeout=(0.3, 0.3), session=session and session()
    )
    with soon():
        assert emitter.http_post("{}") == -1


def silent(_server, connection):
    while connection.recv(65_536):
        pass


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_never_speaks_is_a_failed_attempt(scheme, session):
    with RawServer(silent) as server:
        emitter = Emitter(
            f"{scheme}://127.0.0.1:{server.port}",
            request_timeout=0.3,
            session=session and session(),
        )
        started = time.monotonic()
        assert emitter.http_post("{}") == -1
    assert 0.2 < time.monotonic() - started < SOON


def test_a_proxy_that_drips_is_a_failed_attempt(monkeypatch):
    def talk(server, connection):
        server.take(connection)
        connection.sendall(b"HTTP/1.1 200 Connected\r\n")
        server.drip(connection, b"X-A: b\r\n")

    with RawServer(talk) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        emitter = Emitter(f"https://{NAME}", request_timeout=0.3)
        with soon():
            assert emitter.http_post("{}") == -1
    assert proxy.requests[0].startswith(b"CONNECT")


@pytest.mark.parametrize("session", SESSIONS)
def test_redirects_have_one_deadline(session):
    with RawServer(redirects_slowly) as server:
        emitter = Emitter(server.url, request_timeout=0.3, session=session and session())
        started = time.monotonic()
        assert emitter.http_post("{}") == -1
        assert time.monotonic() - started < 0.3 * 2 + 0.5


def test_three_redirects_are_followed_and_no_more():
    redirect = b"HTTP/1.1 307 Moved\r\nLocation: /tp2\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answering(*[redirect] * 3, OK)) as server:
        assert Emitter(server.url).http_post("{}") == 200
    with RawServer(answering(redirect)) as server:
        assert Emitter(server.url).http_post("{}") == -1
    assert len(server.requests) == 4


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK", b"X-A: b\r\n", b"body"])
def test_a_response_to_a_given_session_that_drips_is_a_failed_attempt(drip):
    head = b"HTTP/1.1 200 OK\r\n"

    def talk(server, connection):
        server.take(connection)
        if drip.startswith(b"X"):
            connection.sendall(head)
        elif drip == b"body":
            connection.sendall(head + b"Content-Length: 100000\r\n\r\n")
        server.drip(connection, drip)

    with RawServer(talk) as server:
        emitter = Emitter(server.url, request_timeout=0.3, session=requests.Session())
        with soon():
            assert emitter.http_post("{}") == -1


@pytest.mark.parametrize("session", SESSIONS)
def test_without_threads_requests_are_sent_as_well(server, session):
    emitter = Emitter(f"http://localhost:{server.port}", session=session and session())
    genuine = threading.Thread.start

    def start(thread):
        if thread.name == "snowplow-request":
            raise RuntimeError("can't start new thread")
        genuine(thread)

    with mock.patch.object(threading.Thread, "start", start):
        assert emitter.http_post("{}") == 200


def test_what_a_given_session_tracks_waits_for_no_room(server):
    """It is called on another thread, for which delivery waits all the same."""

    class Session(requests.Session):
        def post(self, *given: Any, **named: Any) -> requests.Response:
            tracker.track(StructuredEvent("c", "nested"))
            return super().post(*given, **named)

    emitter = Emitter(
        server.url, batch_size=2, buffer_capacity=2, when_full="block", session=Session()
    )
    tracker = Tracker("ns", emitter)
    with soon():
        tracker.track(StructuredEvent("c", "a"))
        tracker.track(StructuredEvent("c", "b"))
    assert emitter.stats()["dropped"] == 1


def test_what_a_signal_handler_raises_ends_the_wait_for_a_given_session():
    program = """
import signal, sys, requests
from snowplow_tracker import Emitter

class TimeIsUp(BaseException):
    pass

def on_alarm(*_):
    raise TimeIsUp

signal.signal(signal.SIGALRM, on_alarm)
emitter = Emitter(sys.argv[1], request_timeout=20, session=requests.Session())
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    emitter.http_post("{}")
except TimeIsUp:
    print("raised")
"""
    with RawServer(silent) as server, soon():
        ran = subprocess.run(
            [sys.executable, "-c", program, server.url],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    assert ran.stdout == "raised\n"


GREEN = """
from gevent import monkey
{first}
import json, socket, sys, time
import gevent
from snowplow_tracker import Emitter
{later}
genuine = socket.getaddrinfo
def getaddrinfo(host, *given, **named):
    if host == "collector.test":
        gevent.sleep(30)
    return genuine(host, *given, **named)
socket.getaddrinfo = getaddrinfo
ticks = []
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0.02)
gevent.spawn(tick)
started = time.monotonic()
status = Emitter("https://collector.test", request_timeout=0.4).http_post("{{}}")
print(json.dumps([status, time.monotonic() - started, len(ticks)]))
"""


@pytest.mark.parametrize(
    "patches",
    [{"first": "monkey.patch_all()", "later": ""}, {"first": "", "later": "monkey.patch_all()"}],
)
def test_green_threads_go_on_meanwhile(patches):
    pytest.importorskip("gevent")
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GREEN.format(**patches)],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    status, seconds, ticks = json.loads(ran.stdout)
    assert status == -1
    assert seconds < SOON
    assert ticks > 5
