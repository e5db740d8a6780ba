"""Connections whose answers must be there in time, and that Ctrl-C does not block."""

from __future__ import annotations

import io
import time
from collections import deque
from functools import cache
from http.client import HTTPResponse
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Any

from requests.sessions import HTTPAdapter  # another one, where a program has put it there
from urllib3 import HTTPConnectionPool

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer
    from urllib3 import PoolManager

__all__ = ["TimedAdapter", "free_connection"]

_MOST_READ = 65_536
_MOST_SECONDS = 1.0


def free_connection(response: Any) -> None:
    """Let the connection of an answer carry another request; its body is nobody's.

    What is left of the body is read if it is short and comes soon. Else the connection is closed.

    Args:
        response: As urllib3 returned it.
    """
    answer = response._original_response
    has_ended = False
    try:
        if isinstance(answer, _TimedAnswer):
            answer.hurry(_MOST_SECONDS)
        answer.read(_MOST_READ)
        has_ended = answer.isclosed()
    except Exception:  # noqa: BLE001, S110 - the status is known, and that is all that matters
        pass
    finally:
        if not has_ended:
            response.close()
        response.release_conn()


class TimedAdapter(HTTPAdapter):
    """Gives up an answer when head and body together take longer than the time-out to read."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _time_answers(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        _time_answers(manager)
        return manager


def _time_answers(manager: PoolManager) -> None:
    classes: Any = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _timed(pool) for scheme, pool in classes.items()}


@cache
def _timed(pool: type[Any]) -> type[Any]:
    return pool if issubclass(pool, _Timed) else type(pool.__name__, (_Timed, pool), {})


class _IdleConnections(LifoQueue[Any]):
    """The queue of a pool, used without its lock: a session belongs to one thread.

    Ctrl-C may come where that lock is taken and the `with` that is to release it not yet begun.
    """

    def _init(self, maxsize: int) -> None:
        self.queue: Any = deque(maxlen=maxsize)  # beyond it, the one that idles longest goes

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: ARG002
        """Take the connection that was used last. Nobody could put one back meanwhile."""
        try:
            return self.queue.pop()
        except IndexError:
            raise Empty from None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002
        """Keep a connection."""
        self.queue.append(item)


class _Timed(HTTPConnectionPool):
    QueueCls = _IdleConnections

    # Not by a ConnectionCls of its own: vcrpy replaces the one of the base class.
    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.response_class = _TimedAnswer
        return connection


class _TimedAnswer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        stream: Any = self.fp
        self._reader = _TimedReader(stream.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def hurry(self, seconds: float) -> None:
        """Have the rest no later than some seconds from now."""
        latest = time.monotonic() + seconds
        self._reader.deadline = min(self._reader.deadline or latest, latest)


class _TimedReader(io.RawIOBase):
    """Reads a socket with one time-out for all: the socket's own starts anew with every byte."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        timeout = sock.gettimeout()
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self._stream = stream
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer took longer than the time-out")
            self._sock.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()
