"""A response with one deadline, whose connection is used again only after exactly this response."""

from __future__ import annotations

import io
import re
import socket
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from snowplow_tracker._signals import current_exception, reraise_if_by_handler

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ExactResponse"]

_SWITCHING_PROTOCOLS = 101
_FIRST_FINAL_STATUS = 200
_WITHOUT_BODY = (204, 304)
_HTTP_1_1 = 11
# https://www.rfc-editor.org/rfc/rfc9112#section-7.1
_CHUNK_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\r\n]*)?\r\n")


class ExactResponse(HTTPResponse):
    """A response of `http.client` that has a deadline and leaves no bytes to the next response.

    The deadline is the socket's timeout from now on, for head and body together. What was read
    from the socket before is given as `received`.

    Informational responses before the final one are skipped. At its end, the response shuts down
    the socket unless its length was unambiguous, it was read to this length, and nothing follows.
    urllib3 then opens another connection for the next request.
    """

    def __init__(
        self, sock: socket.socket, *args: Any, received: bytes = b"", **kwargs: Any
    ) -> None:
        super().__init__(sock, *args, **kwargs)
        stream: Any = self.fp
        self._sock = sock
        self._reader = _DeadlineReader(stream.detach(), sock, received)
        self._stream = _ChunkStream(self._reader)
        self.fp = self._stream
        # None until the head was read: a proxy's response to CONNECT stays as it is.
        self._has_exact_length: bool | None = None

    def begin(self) -> None:
        """Read the head of the final response."""
        super().begin()
        # `HTTPResponse.begin` skips 100 only. It reads another head if it has no headers yet.
        while _SWITCHING_PROTOCOLS < self.status < _FIRST_FINAL_STATUS:
            without_headers: Any = None
            self.headers = without_headers
            super().begin()
        self._has_exact_length = self._is_length_exact()
        self._stream.is_chunked = self.chunked
        _discard_defects(self.headers)

    def shorten_deadline(self, seconds: float) -> None:
        """Move the deadline to some seconds from now, unless it is earlier."""
        latest = time.monotonic() + seconds
        self._reader.deadline = min(self._reader.deadline or latest, latest)

    def _close_conn(self) -> None:
        # `HTTPResponse` calls this once, at the end of the body or when it is closed before.
        if self._has_exact_length is not None and not self._has_ended_exactly():
            self._shut_down()
        super()._close_conn()  # type: ignore[misc] # not in typeshed

    def _is_length_exact(self) -> bool:
        """Return whether all readers of this head agree where the response ends.

        https://www.rfc-editor.org/rfc/rfc9112#section-6.3
        """
        headers = self.headers
        lengths = [value.strip() for value in headers.get_all("Content-Length", [])]
        encodings = [value.strip().lower() for value in headers.get_all("Transfer-Encoding", [])]
        options = ",".join(headers.get_all("Connection", [])).lower()
        if self.status < _FIRST_FINAL_STATUS or headers.defects or "close" in options:
            return False
        if self.status in _WITHOUT_BODY:
            return not encodings and lengths in ([], ["0"])
        if encodings:
            return encodings == ["chunked"] and not lengths and self.version == _HTTP_1_1
        return len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit()

    def _has_ended_exactly(self) -> bool:
        is_read = self._stream.has_last_chunk if self.chunked else self.length == 0
        return bool(self._has_exact_length and is_read and not self._is_followed())

    def _is_followed(self) -> bool:
        """Return whether more bytes have been read from the network than the response has.

        Bytes that arrive later make the socket readable, for which urllib3 looks before it uses
        a connection again.
        """
        pending = getattr(self._sock, "pending", None)  # decrypted, but not read yet
        self._reader.is_at_end = True
        is_buffered = bool(self._stream.peek(1) or self._reader.received)
        return is_buffered or bool(pending and pending())

    def _shut_down(self) -> None:
        # The TLS sockets of urllib3 that are no `ssl.SSLSocket` have the plain one in `socket`.
        sock: Any = getattr(self._sock, "socket", self._sock)
        before = current_exception()
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            reraise_if_by_handler(error, before)


def _discard_defects(headers: Any) -> None:
    """Keep urllib3 from a warning for each response with a malformed head.

    It contains the whole URL, which has the event of a GET in it.
    """
    headers.defects = []
    headers.set_payload("")


class _ChunkStream(io.BufferedReader):
    """Sees the lines between the chunks of a body, whoever reads them: `http.client` or urllib3.

    Attributes:
        is_chunked: Whether the lines from now on are those of a chunked body.
        has_last_chunk: Whether all these lines were well-formed, and the last was the final one.
    """

    def __init__(self, reader: _DeadlineReader) -> None:
        super().__init__(reader)
        self.is_chunked = False
        self.has_last_chunk = False
        self._is_malformed = False
        self._is_trailer = False

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        if self.is_chunked:
            self._see(line)
        return line

    def _see(self, line: bytes) -> None:
        if self._is_trailer:
            self.has_last_chunk = line == b"\r\n" and not self._is_malformed
            return
        match = _CHUNK_SIZE_LINE.fullmatch(line)
        if match is None:
            self._is_malformed = True
        else:
            self._is_trailer = int(match[1], 16) == 0


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a deadline. The timeout of a socket starts anew with each read."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, received: bytes) -> None:
        timeout = sock.gettimeout()
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.is_at_end = False
        self.received = received
        self._stream = stream
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        if self.is_at_end:
            return 0
        if self.received:
            view = memoryview(buffer)
            count = min(len(view), len(self.received))
            view[:count], self.received = self.received[:count], self.received[count:]
            return count
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the response took longer than the timeout")
            self._sock.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()
