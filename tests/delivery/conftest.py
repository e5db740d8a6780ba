from __future__ import annotations

import json
import re
import socketserver
import subprocess
import sys
import textwrap
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import StructuredEvent, Tracker, _worker
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Request:
    """One request as it came over the wire, and on which connection."""

    def __init__(self, line: str, headers: dict[str, str], body: bytes, connection: int) -> None:
        self.method, self.target, _ = line.split(" ", 2)
        self.headers = headers
        self.body = body
        self.connection = connection

    @property
    def events(self) -> list[dict[str, str]]:
        data: list[dict[str, str]] = json.loads(self.body)["data"]
        return data


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: ScriptedServer

    def handle(self) -> None:
        connection = self.server.count_connection()
        while line := self.rfile.readline().decode("latin-1").strip():
            request = Request(line, *self._rest(), connection)
            step = self.server.next_step(request)
            if step == "hang":
                self.server.released.wait(30)
                return
            if step == "cut":
                return
            status, headers = step if isinstance(step, tuple) else (step, {})
            lines = [f"HTTP/1.1 {status} x", "Content-Length: 0"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            self.wfile.write("\r\n".join([*lines, "", ""]).encode())

    def _rest(self) -> tuple[dict[str, str], bytes]:
        headers = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return headers, self.rfile.read(int(headers.get("content-length", 0)))


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Answers each request with the next step of its script, and with 200 after the last.

    A step is a status, a status with headers, "cut" (no answer) or "hang" (none until the end).
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

    def count_connection(self) -> int:
        with self._changed:
            self.connections += 1
            return self.connections

    def next_step(self, request: Request) -> Any:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            return self.script.popleft() if self.script else self.otherwise

    def wait_for(self, requests: int) -> list[Request]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= requests, 10)
            return list(self.requests)

    def labels(self) -> list[str]:
        """The labels of all events that came by POST, in order."""
        return [event["se_la"] for request in list(self.requests) for event in request.events]


@pytest.fixture(autouse=True)
def no_emitter_is_left() -> Iterator[None]:
    """Closes emitters that a test left with events: they would try again at the run's end."""
    yield
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


@pytest.fixture(scope="session")
def run_program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program's text in an interpreter of its own."""

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)

    return run


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    """Counts the lines of the log that match a pattern."""
    return lambda pattern: sum(bool(re.search(pattern, line)) for line in caplog.messages)
