"""A POST on an open connection with one `sendall` and one `recv`, if the response is ordinary."""

from __future__ import annotations

import copy
import logging
import re
import sys
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPResponse
from urllib3._collections import HTTPHeaderDict
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from snowplow_tracker._http.attempt import current_deadline, seconds_left, shortened
from snowplow_tracker._http.patched import has_original_connections
from snowplow_tracker._http.response import ExactResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DirectPost"]

_LENGTH = "{length}"  # in the place of the value of Content-Length
_LENGTH_LINE = f"\r\nContent-Length: {_LENGTH}\r\n".encode()
_MAX_HEAD_AND_BODY = 65_536
_MAX_LINES = 64  # `http.client` refuses a head with more than 100 headers
_MAX_JOINED = 131_072  # to send a longer body by itself is cheaper than to copy it
# Any other head is left to `http.client`: https://www.rfc-editor.org/rfc/rfc9112#section-4
_ORDINARY_HEAD = re.compile(
    rb"HTTP/1\.1 200(?: [^\r\n]*)?\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r\n)*\r\n"
)
_LENGTHS = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r")
_DECISIVE = re.compile(rb"\n(?:connection:(?![ \t]*keep-alive[ \t]*\r)|transfer-encoding:)")
_requests_log = logging.getLogger("urllib3.connectionpool")


class DirectPost:
    """Sends POST requests to one URL on connections that urllib3 has opened.

    Args:
        pool: The pool of urllib3. It opens the connections, and looks whether they are still open.
        target: What follows "POST" in the request line.
        headers: All headers but Host, with a Content-Length to be replaced.
    """

    def __init__(self, pool: Any, target: str, headers: Mapping[str, str]) -> None:
        self._pool = pool
        self._target = target
        self._headers = {**headers, "Content-Length": _LENGTH}
        self._head: tuple[bytes, bytes] | None = None

    def send(self, body: bytes, timeout: Any) -> HTTPResponse | bool:
        """Send a request.

        Args:
            body: The body.
            timeout: As for requests: seconds, a pair, or None.

        Returns:
            True if the response was 200 and is read to its end, else the response with its body
            unread. False if nothing was sent, as no connection is open, or a program looks on.
        """
        # `urlopen` adds headers for a proxy, and logs.
        is_seen = self._pool.proxy is not None or _requests_log.isEnabledFor(logging.DEBUG)
        if is_seen or not has_original_connections():
            return False
        pool = self._pool
        connection = pool._get_conn()  # noqa: SLF001 - as in `HTTPConnectionPool.urlopen`
        is_intact = is_taken = False
        try:
            if not _is_open(connection):
                is_intact = True
                return False
            response = self._exchange(connection, body, timeout)
            is_intact = response is True
            is_taken = not is_intact
        except TimeoutError as error:
            raise ReadTimeoutError(pool, self._target, "Read timed out.") from error
        except (OSError, HTTPException) as error:
            raise ProtocolError("Connection aborted.", error) from error
        else:
            return response
        finally:
            if not is_taken:
                if not is_intact:
                    connection.close()
                pool._put_conn(connection)  # noqa: SLF001

    def _exchange(self, connection: Any, body: bytes, timeout: Any) -> HTTPResponse | bool:
        sock, head = connection.sock, self._head or self._prepare(connection)
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        sock.settimeout(shortened(connect, current_deadline()))
        is_sent = _has_sent(connection, head, body)
        seconds = shortened(read, current_deadline())
        deadline = None if seconds is None else time.monotonic() + seconds
        sock.settimeout(seconds)
        received = sock.recv(_MAX_HEAD_AND_BODY)
        if is_sent and _is_ordinary(received) and not _has_pending(sock):
            return True
        if deadline is not None:
            sock.settimeout(seconds_left(deadline))
        return self._read_as_usual(connection, received, is_sent=is_sent)

    def _prepare(self, connection: Any) -> tuple[bytes, bytes]:
        """Have a copy of a connection write the head, to keep what stands around the length."""
        written: list[bytes] = []
        writer = copy.copy(connection)
        writer.send = written.append
        writer.request("POST", self._target, headers=self._headers)
        # As a whole line: a header of the program may contain anything but a line end.
        before, line, after = b"".join(written).partition(_LENGTH_LINE)
        name = line.partition(b" ")[0]
        self._head = before + name + b" ", b"\r\n" + after
        return self._head

    def _read_as_usual(self, connection: Any, received: bytes, *, is_sent: bool) -> HTTPResponse:
        original = ExactResponse(connection.sock, method="POST", received=received)
        original.begin()
        if original.will_close or not is_sent:
            connection.close()  # the response keeps the socket open until its end
        headers = HTTPHeaderDict(original.headers.items())
        return HTTPResponse(
            body=original,
            headers=headers,
            status=original.status,
            reason=original.reason,
            preload_content=False,
            decode_content=False,
            original_response=original,
            pool=self._pool,
            connection=connection,
        )


def _is_open(connection: Any) -> bool:
    """Whether a connection of urllib3's own classes is open, and does not print what it sends."""
    is_known = type(connection).__module__.startswith("urllib3.")
    return is_known and connection.sock is not None and not connection.debuglevel


def _has_sent(connection: Any, head: tuple[bytes, bytes], body: bytes) -> bool:
    """Send a request. Returns False if the server has closed the connection, maybe answering."""
    parts = [head[0], str(len(body)).encode(), head[1]]
    try:
        if len(body) > _MAX_JOINED:
            _send(connection, b"".join(parts))
            _send(connection, body)
        else:
            _send(connection, b"".join([*parts, body]))
    except BrokenPipeError:
        return False
    return True


def _send(connection: Any, data: bytes) -> None:
    sys.audit("http.client.send", connection, data)
    connection.sock.sendall(data)


def _is_ordinary(received: bytes) -> bool:
    """Whether this is all of a response 200 with a length, after which the connection stays open.

    Only if there is no doubt: any other response is read by `ExactResponse`.
    """
    match = _ORDINARY_HEAD.match(received)
    if match is None:
        return False
    head = match[0].lower()
    if head.count(b"\n") > _MAX_LINES or head.count(b"\ncontent-length:") != 1:
        return False
    length = _LENGTHS.search(head)
    is_whole = length is not None and len(received) == match.end() + int(length[1])
    return is_whole and not _DECISIVE.search(head)


def _has_pending(sock: Any) -> bool:
    """Whether an encrypted connection has more bytes, decrypted but not read yet."""
    pending = getattr(sock, "pending", None)
    return bool(pending is not None and pending())
