"""A collector on the loopback interface, which does as little work as Python allows.

It serves two URLs: one responds with 200 at once, the other one never responds.
"""

from __future__ import annotations

import gzip
import re
import socket
import threading
from urllib.parse import unquote_to_bytes

from benches.targets.serve import serve

# Some libraries read the status again in the body.
ANSWER = b'{"status":1,"code":200}'
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)
MAX_HEAD_BYTES = 65_536
READ_BYTES = 1_048_576
GZIP, FORM = b"\x1f\x8b", b"data="
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
EVENT_ID = r'"eid":\s*"([0-9a-f-]{36})"'


class Collector:
    """Accepts requests on 127.0.0.1, with a thread for each connection.

    Args:
        responds: True to respond to requests. False to accept connections and read nothing.
    """

    def __init__(self, responds: bool) -> None:
        self._responds = responds
        self._silent: list[socket.socket] = []
        self._bodies: list[bytes] | None = None
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def keep(self) -> None:
        """Keep all request bodies from now on."""
        self._bodies = []

    def forget(self, pattern: str = EVENT_ID) -> dict[str, int]:
        """Return the events, distinct event ids and bytes of the kept bodies, and drop them.

        Args:
            pattern: A regular expression whose group is the id of an event.
        """
        bodies, self._bodies = self._bodies or [], None
        find = re.compile(pattern.encode(), re.DOTALL).findall
        event_ids = [event_id for body in bodies for event_id in find(decoded(body))]
        size = sum(map(len, bodies))
        return {"events": len(event_ids), "ids": len(set(event_ids)), "bytes": size}

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            if self._responds:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            else:
                self._silent.append(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray(READ_BYTES)
        with connection:
            while (
                body := read_body(connection, buffer, keep=self._bodies is not None)
            ) is not None:
                if self._bodies is not None:
                    self._bodies.append(body)
                connection.sendall(RESPONSE)


def decoded(body: bytes) -> bytes:
    """Return a body without its compression, and a form's without its escapes."""
    if body.startswith(GZIP):
        return gzip.decompress(body)
    return unquote_to_bytes(body.replace(b"+", b" ")) if body.startswith(FORM) else body


def read_body(connection: socket.socket, buffer: bytearray, *, keep: bool) -> bytes | None:
    """Read one request.

    Args:
        connection: Where the request comes from.
        buffer: Memory to read into.
        keep: Whether to return the body.

    Returns:
        The body, or b"" without `keep`. None if the connection was closed.
    """
    have = 0
    while (end := buffer.find(b"\r\n\r\n", 0, have)) < 0:
        if not (count := connection.recv_into(memoryview(buffer)[have:MAX_HEAD_BYTES])):
            return None
        have += count
    length = LENGTH.search(buffer, 0, end)
    left = (int(length[1]) if length else 0) - (have - end - 4)
    parts = [bytes(buffer[end + 4 : have])] if keep else []
    while left > 0:
        if not (count := connection.recv_into(buffer, min(left, READ_BYTES))):
            return None
        left -= count
        if keep:
            parts.append(bytes(buffer[:count]))
    return b"".join(parts)


if __name__ == "__main__":
    responding, silent = Collector(responds=True), Collector(responds=False)
    urls = {"responding": responding.url, "silent": silent.url}
    serve({"urls": lambda: urls, "keep": responding.keep, "forget": responding.forget})
