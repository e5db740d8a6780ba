"""What a signal handler raises reaches the program, and the events stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import traceback
from functools import partial
from typing import Any

import pytest
import requests
from tests.http.raw_server import RawServer
from tests.support import wait_until

from snowplow_tracker import Emitter, SQLiteEventStore, StructuredEvent, Tracker
from snowplow_tracker._signals import raised_by_handler

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="signals of POSIX")


class TimeLimitError(Exception):
    """As `celery.exceptions.SoftTimeLimitErrorExceeded`."""


def plain(*_: Any) -> None:
    raise TimeLimitError


class Handlers:
    def method(self, _number: int, _frame: Any) -> None:
        raise TimeLimitError

    def __call__(self, _number: int, _frame: Any) -> None:
        deeper()


def deeper() -> None:
    raise TimeLimitError


def resetting(number: int, _frame: Any) -> None:
    """A handler that is not installed any more when it raises."""
    signal.signal(number, signal.SIG_DFL)
    raise TimeLimitError


def with_more(_more: str, *_: Any) -> None:
    raise TimeLimitError


def as_os_error(*_: Any) -> None:
    raise TimeoutError("as programs that need no class of their own")


HANDLERS = [
    plain, Handlers().method, Handlers(), resetting, partial(with_more, "more"), as_os_error
]  # fmt: skip


@pytest.fixture
def interrupting(server):
    """Interrupt the main thread in the middle of the first request."""

    def step(_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGUSR1)
        return "hang"

    before = signal.getsignal(signal.SIGUSR1)
    server.script.append(step)
    yield server
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("handler", HANDLERS, ids=range(len(HANDLERS)))
@pytest.mark.parametrize("session", [None, requests.Session])
@pytest.mark.parametrize("method", ["post", "get"])
def test_it_ends_a_request_and_the_event_stays(interrupting, handler, session, method):
    signal.signal(signal.SIGUSR1, handler)
    emitter = Emitter(interrupting.url, method=method, batch_size=1, session=session and session())
    tracker = Tracker("ns", emitter)
    with pytest.raises((TimeLimitError, TimeoutError)):
        tracker.track(StructuredEvent("shop", "add", "a"))
    assert emitter.stats()["queued"] == 1
    emitter.close()
    assert interrupting.requests[1].labels == ["a"]
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize("handler", [plain, as_os_error])
@pytest.mark.parametrize("body", [b"x", b""])
def test_it_ends_the_reading_of_a_body_that_nobody_needs(handler, body):
    def talk(server: Any, connection: Any) -> None:
        server.take(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body)
        if server.connections > 1:
            return
        wait_until(lambda: _is_in("drain_and_release", threading.main_thread()))
        os.kill(os.getpid(), signal.SIGUSR1)
        server.ended.wait(10)

    signal.signal(signal.SIGUSR1, handler)
    with RawServer(talk) as server:
        emitter = Emitter(server.url, batch_size=1)
        with pytest.raises((TimeLimitError, TimeoutError)):
            Tracker("ns", emitter).track(StructuredEvent("shop", "add", "a"))
        assert emitter.stats()["queued"] == 1
        emitter.close()
    assert emitter.stats()["sent"] == 1


def _is_in(function: str, thread: Any) -> bool:
    """Return whether a thread is in a function."""
    frame = sys._current_frames()[thread.ident]
    return any(each.f_code.co_name == function for each, _ in traceback.walk_stack(frame))


def test_it_ends_a_callback(server):
    signal.signal(signal.SIGUSR1, plain)
    emitter = Emitter(
        server.url, batch_size=1, on_success=lambda _: signal.raise_signal(signal.SIGUSR1)
    )
    with pytest.raises(TimeLimitError):
        Tracker("ns", emitter).track(StructuredEvent("shop", "add", "a"))
    assert emitter.stats()["sent"] == 1


def test_it_ends_an_operation_of_the_durable_store(tmp_path, server, monkeypatch):
    monkeypatch.setattr("snowplow_tracker._stores.sqlite.recovery._CHECK_SECONDS", 0)
    store = SQLiteEventStore(tmp_path / "events.db")
    tracker = Tracker("ns", Emitter(server.url, batch_size=10, event_store=store))
    tracker.track(StructuredEvent("shop", "add", "a"))
    signal.signal(signal.SIGUSR1, as_os_error)
    statvfs = os.statvfs

    def interrupted(path: Any) -> Any:
        signal.raise_signal(signal.SIGUSR1)
        return statvfs(path)

    monkeypatch.setattr(os, "statvfs", interrupted)
    with pytest.raises(TimeoutError):
        tracker.track(StructuredEvent("shop", "add", "b"))


def test_an_exception_that_was_being_handled_is_not_taken_for_it(server):
    signal.signal(signal.SIGUSR1, plain)
    server.script.append("cut")
    emitter = Emitter(server.url, batch_size=1)
    try:
        signal.raise_signal(signal.SIGUSR1)
    except TimeLimitError:
        Tracker("ns", emitter).track(StructuredEvent("shop", "add", "a"))
    assert emitter.stats()["queued"] == 1


def test_on_other_threads_there_are_no_handlers():
    found = []

    def run() -> None:
        try:
            plain()
        except TimeLimitError as error:
            found.append(raised_by_handler(error))

    signal.signal(signal.SIGUSR1, plain)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [None]


INTERRUPTED = """
import os, signal, sys
import snowplow_tracker
from snowplow_tracker import StructuredEvent, Tracker
emitter = getattr(snowplow_tracker, sys.argv[1])(sys.argv[2], protocol="http", batch_size=100)
with Tracker("ns", emitter) as tracker:
    for number in range(50):
        tracker.track(StructuredEvent("shop", "add", str(number)))
"""


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("then", [200, 503])
def test_after_ctrl_c_in_close_the_exit_tries_once_more_and_logs_what_is_left(server, kind, then):
    server.script.append("hang")
    server.otherwise = then
    command = [sys.executable, "-c", INTERRUPTED, kind, server.url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        if kind == "AsyncEmitter":
            server.released.set()  # its thread is still in the request
        _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert len(server.requests[-1].labels) == 50
    assert len(server.requests) > 1
    assert ("50 events were not delivered" in errors) == (then == 503)
