"""One request to the faulty collector, which may or may not accept it and respond."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    import socket
    from io import BufferedReader

    from qa.torture.ledger import Ledger

__all__ = ["Exchange", "Request", "read_request", "response"]

_LARGEST_BODY = 1_000_000
_EID_OF_GET = re.compile(r"[?&]eid=([0-9a-f-]{36})")


class Request:
    """The head of a request.

    Attributes:
        client: Who sends: the first part of the path, of which each client has its own.
    """

    def __init__(self, line: str, headers: dict[str, str]) -> None:
        self.method, self.target, _ = line.split(" ", 2)
        self.headers = headers
        self.client = self.target.split("/")[1]
        self.length = int(headers.get("content-length", 0))


def read_request(reader: BufferedReader) -> Request | None:
    """Read a head; None where the connection has ended."""
    line = reader.readline(65_536).decode("latin-1")
    headers = {}
    while field := reader.readline(65_536).decode("latin-1").strip():
        name, _, value = field.partition(":")
        headers[name.lower()] = value.strip()
    return Request(line.strip(), headers) if line.endswith("\r\n") else None


def response(status: int, headers: dict[str, str] | None = None, body: bytes = b"ok") -> bytes:
    """Return an answer as it goes over the wire."""
    fields = {"Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Faulty", *(f"{name}: {fields[name]}" for name in fields)]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Exchange:
    """A request and what a fault does with it.

    Args:
        time_out: Seconds after which clients of this collector give up.
        random: What a fault leaves to chance.

    Attributes:
        is_over: Whether the connection is to end.
    """

    def __init__(
        self,
        connection: socket.socket,
        reader: BufferedReader,
        request: Request,
        ledger: Ledger,
        time_out: float,
        random: random.Random,
    ) -> None:
        self.request = request
        self.time_out = time_out
        self.random = random
        self.is_over = False
        self._connection = connection
        self._reader = reader
        self._ledger = ledger
        self._number: int | None = None
        self._unread = request.length
        self._began = time.monotonic()

    def read(self, count: int | None = None) -> bytes:
        """Read so many bytes of the body, or all that is left of it."""
        count = self._unread if count is None else min(count, self._unread)
        part = self._reader.read(count)
        if len(part) < count:
            raise ConnectionResetError("the client has gone in mid-body")
        self._unread -= count
        return part

    def accept(self, begun: bytes = b"") -> None:
        """Read the rest of the body and take its events, as a collector that answers 200 does."""
        body = begun + self.read()
        if len(body) > _LARGEST_BODY:
            self._ledger.complain(f"a body of {len(body)} bytes")
        if "cookie" in self.request.headers:
            self._ledger.complain("a cookie came back")
        self._number = self._ledger.accept(self.request.client, self._event_ids(body))

    def doubt(self) -> None:
        """Note that the client may never have learned that its events were taken."""
        if self._number is not None:
            self._ledger.doubt(self._number)

    def send(self, answer: bytes) -> None:
        """Send bytes of an answer."""
        try:
            self._connection.sendall(answer)
        except OSError:
            self.doubt()
            raise
        if time.monotonic() - self._began > self.time_out / 2:
            self.doubt()

    def close(self) -> None:
        """End the connection, whatever was sent."""
        self.is_over = True

    def _event_ids(self, body: bytes) -> list[str]:
        if self.request.method == "GET":
            return _EID_OF_GET.findall(self.request.target)
        try:
            return [event["eid"] for event in json.loads(body)["data"]]
        except (ValueError, KeyError, TypeError) as error:
            self._ledger.complain(f"a body that is no payload_data: {error!r}")
            return []
