"""A collector on loopback that keeps each request as it came."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from qa.differential.programs import Request
from tests.support import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests import support

__all__ = ["Collector"]


class Collector(ScriptedServer):
    """Listens on a free port of 127.0.0.1 from the start."""

    def __init__(self) -> None:
        super().__init__()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, statuses: Iterable[int]) -> None:
        """Respond to the next requests with these statuses, then with 200."""
        self.script = deque(statuses)

    def take(self) -> list[Request]:
        """Return what came since the last call."""
        taken, self.requests = self.requests, []
        return [_described(request) for request in taken]


def _described(request: support.Request) -> Request:
    path, _, query = request.target.partition("?")
    body = request.body or query.encode("latin-1")
    return Request(request.method, path, request.headers.get("Content-Type"), body)
