"""A server on loopback that sends and records raw bytes, for responses that no library produces."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from typing_extensions import Self

    Talk = Callable[["RawServer", socket.socket], object]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DRIP_SECONDS = 0.02


class RawServer:
    """Calls a function with each connection, and closes it afterwards.

    Attributes:
        requests: What `take` has read, as it came.
        connections: How many were accepted.
        ended: Set at the server's end.
    """

    def __init__(
        self,
        talk: Talk,
        tls: ssl.SSLContext | None = None,
        listening: socket.socket | None = None,
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._talk, self._tls = talk, tls
        self.ended = threading.Event()
        self._listening = listening or socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            if self._tls is None:
                self._talk(self, connection)
                return
            with self._tls.wrap_socket(connection, server_side=True) as encrypted:
                self._talk(self, encrypted)

    def take(self, connection: socket.socket) -> bytes:
        """Read one request and keep it; empty at the connection's end."""
        request = b""
        while b"\r\n\r\n" not in request:
            if not (part := connection.recv(65_536)):
                return b""
            request += part
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while len(body) < (int(length[1]) if length else 0):
            body += connection.recv(65_536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def drip(self, connection: socket.socket, data: bytes) -> None:
        """Send bytes one by one, for ever."""
        at = 0
        while not self.ended.wait(DRIP_SECONDS):
            connection.sendall(data[at % len(data) :][:1])
            at += 1


def answering(*answers: bytes) -> Talk:
    """Return a function that answers with these, the last one again and again."""

    def talk(server: RawServer, connection: socket.socket) -> None:
        while server.take(connection):
            connection.sendall(answers[min(len(server.requests), len(answers)) - 1])

    return talk
