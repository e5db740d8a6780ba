from __future__ import annotations

import json
import re
import socketserver
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import StructuredEvent, Tracker, _worker
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Request:
    """One request as it came over the wire."""

    def __init__(self, handler: _Connection, body: bytes) -> None:
        self.method, self.target, self.headers = handler.command, handler.path, handler.headers
        self.body = body

    @property
    def events(self) -> list[dict[str, str]]:
        return list(json.loads(self.body)["data"])


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedServer

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        step = self.server.next_step(Request(self, body))
        if step in ("cut", "hang"):
            self.server.released.wait(30 if step == "hang" else 0)
            self.close_connection = True
            return
        status, headers = step if isinstance(step, tuple) else (step, {})
        self.send_response_only(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - the name that the base class looks for


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Answers with the steps of a script: a status, one with headers, "cut" or "hang".

    A step may also be a function that decides on one by the request.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.script: deque[Any] = deque()
        self.otherwise: Any = 200
        self.requests: list[Request] = []
        self.connections = 0
        self.released = threading.Event()
        self._changed = threading.Condition()

    def next_step(self, request: Request) -> Any:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            step = self.script.popleft() if self.script else self.otherwise
        return step(request) if callable(step) else step

    def wait_for(self, requests: int) -> list[Request]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= requests, 10)
            return list(self.requests)

    def labels(self) -> list[str]:
        """The labels of all events that came by POST, in order."""
        return [event["se_la"] for request in list(self.requests) for event in request.events]


@pytest.fixture(autouse=True)
def no_emitter_is_left() -> Iterator[None]:
    """Closes emitters that tests left with events: they would try again during another one."""
    _close_all_emitters()
    yield
    _close_all_emitters()


def _close_all_emitters() -> None:
    for emitter in list(_worker._emitters):
        emitter.close(0)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def running_collector() -> Iterator[CollectorServer]:
    with CollectorServer(port=0) as collector:
        yield collector


@pytest.fixture
def collector(running_collector: CollectorServer) -> CollectorServer:
    running_collector.reset()
    return running_collector


@pytest.fixture(scope="session")
def track() -> Callable[..., list[str | None]]:
    """Tracks a structured event for each label, and returns their ids."""

    def each(tracker: Tracker, *labels: object) -> list[str | None]:
        return [tracker.track(StructuredEvent("shop", "add", str(label))) for label in labels]

    return each


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits until a condition holds, with a limit."""

    def wait(condition: Callable[[], object], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition never came to hold"
            threading.Event().wait(0.002)

    return wait


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    """Counts the lines of the log that match a pattern."""
    return lambda pattern: sum(bool(re.search(pattern, line)) for line in caplog.messages)
