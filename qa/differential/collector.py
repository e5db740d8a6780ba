"""A collector on loopback that keeps each request as it came."""

from __future__ import annotations

import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from qa.differential.programs import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Collector"]


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        content_type = self.headers.get("Content-Type")
        request = Request(self.command, path, content_type, body or query.encode("latin-1"))
        self.send_response_only(self.server.receive(request))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - the name that the base class looks for


class Collector(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 from the start."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._requests: list[Request] = []
        self._answers: deque[int] = deque()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, statuses: Iterable[int]) -> None:
        """Give these answers to the next requests, then 200."""
        self._answers = deque(statuses)

    def receive(self, request: Request) -> int:
        self._requests.append(request)
        return self._answers.popleft() if self._answers else 200

    def take(self) -> list[Request]:
        """Return what came since the last call."""
        taken, self._requests = self._requests, []
        return taken
