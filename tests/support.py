"""Helpers of many tests. Imports nothing of the package: programs of other processes use it too."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
import time
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self


class Inbox:
    """A custom emitter with only `input`: it keeps the events that it is given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def input(self, payload: dict[str, Any]) -> None:
        self.events.append(payload)


class Request:
    """One request as it came over the wire."""

    def __init__(self, handler: _Connection, body: bytes) -> None:
        self.method, self.target, self.headers = handler.command, handler.path, handler.headers
        self.body = body

    @property
    def events(self) -> list[dict[str, str]]:
        if self.method == "GET":
            return [dict(parse_qsl(urlsplit(self.target).query))]
        return list(json.loads(self.body)["data"])

    @property
    def labels(self) -> list[str]:
        return [event["se_la"] for event in self.events]


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
    """A collector on a free port of 127.0.0.1 that responds with the steps of a script.

    A step is a status, a status with headers, "cut", "hang", or a function that decides on one by
    the request. After the script, and without one, `otherwise` is the step.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port: int = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
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
            assert self._changed.wait_for(lambda: len(self.requests) >= requests, 40)
            return list(self.requests)

    def labels(self) -> list[str]:
        """Return the labels of all events, in the order in which they came."""
        return [label for request in list(self.requests) for label in request.labels]

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Respond to requests, on threads, until the block ends."""
        thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        thread.start()
        with self:
            yield self
            self.released.set()
            self.shutdown()
            thread.join()


def with_json_read(event: dict[str, Any], entities: str = "contexts") -> dict[str, Any]:
    """Return the fields of an event, with its JSON read.

    Args:
        event: The fields.
        entities: The name for its entities. Its self-describing data is under "data".
    """
    fields = dict(event)
    for names, readable in ((("ue_px", "ue_pr"), "data"), (("cx", "co"), entities)):
        for name in names:
            if name in fields:
                text = fields.pop(name)
                text = base64.urlsafe_b64decode(text) if name.endswith("x") else text
                fields[readable] = json.loads(text)["data"]
    return fields


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until a condition holds; an AssertionError if it does not within a limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came to hold"
        threading.Event().wait(0.002)


def close_all_emitters() -> None:
    """Close every open emitter of this process, without sending what it still has."""
    from snowplow_tracker import InMemoryEventStore, logger  # noqa: PLC0415 - see above
    from snowplow_tracker._lifecycle.process import registered  # noqa: PLC0415

    for engine in registered():
        emitter = engine.context.host  # type: ignore[attr-defined]
        emitter.event_store = InMemoryEventStore(logger)
        emitter.close(0)
