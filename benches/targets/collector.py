"""A collector on loopback that answers 200 at once, or never: the cheapest that Python can be."""

from __future__ import annotations

import re
import socket
import threading

from benches.targets.serve import serve

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
MAX_HEAD_BYTES = 65_536
READ_BYTES = 1_048_576
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
EVENT_ID = re.compile(rb'"eid":\s*"([0-9a-f-]{36})"')


class Collector:
    """Takes requests on 127.0.0.1, a thread for each connection.

    Args:
        answers: Whether it answers; else it accepts connections and reads nothing.
    """

    def __init__(self, answers: bool) -> None:
        self._answers = answers
        self._silent: list[socket.socket] = []
        self._bodies: list[bytes] | None = None
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def keep(self) -> None:
        """Keep the bodies that come from now on."""
        self._bodies = []

    def forget(self) -> dict[str, int]:
        """Return how many events, ids and bytes the kept bodies hold; keep no more."""
        bodies, self._bodies = self._bodies or [], None
        event_ids = [event_id for body in bodies for event_id in EVENT_ID.findall(body)]
        size = sum(map(len, bodies))
        return {"events": len(event_ids), "ids": len(set(event_ids)), "bytes": size}

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            if self._answers:
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
                connection.sendall(ANSWER)


def read_body(connection: socket.socket, buffer: bytearray, *, keep: bool) -> bytes | None:
    """Read a request; return its body if that is to be kept, None at the connection's end."""
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
    answering, silent = Collector(answers=True), Collector(answers=False)
    urls = {"answering": answering.url, "silent": silent.url}
    serve({"urls": lambda: urls, "keep": answering.keep, "forget": answering.forget})
