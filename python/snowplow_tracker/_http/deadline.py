"""An adapter whose requests have a deadline as a whole, not one for each wait."""

from __future__ import annotations

import socket
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

# Not from requests.adapters: a program that replaces the class for new sessions does so here.
from requests.sessions import HTTPAdapter
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError

from snowplow_tracker._http.attempt import LimitedCalls, current_deadline, seconds_left, shortened
from snowplow_tracker._http.response import ExactResponse
from snowplow_tracker._signals import current_exception, reraise_if_by_handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3 import PoolManager

__all__ = ["DeadlineAdapter", "drain_and_release"]

_MAX_DRAINED_BYTES = 65_536
_MAX_DRAIN_SECONDS = 1.0

# urllib3 has no public attribute for the response of http.client that it wraps.
_original_response = attrgetter("_original_response")


def drain_and_release(response: Any) -> None:
    """Return the connection of a response to its pool. The body is discarded.

    A body that is long, late or broken is not read to its end: the connection is closed instead.

    Args:
        response: A response of urllib3 with its body unread.
    """
    original = _original_response(response)
    before = current_exception()
    is_drained = False
    try:
        if isinstance(original, ExactResponse):
            original.shorten_deadline(_MAX_DRAIN_SECONDS)
        original.read(_MAX_DRAINED_BYTES)
        is_drained = original.isclosed()
    except Exception as error:  # noqa: BLE001 - the status is known, the body is not needed
        reraise_if_by_handler(error, before)
    finally:
        if not is_drained:
            response.close()
        response.release_conn()


class DeadlineAdapter(HTTPAdapter):
    """Fails a request at the deadline of its attempt, whatever it waits for: see `attempt`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _set_deadlines(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        _set_deadlines(manager)
        return manager


def _set_deadlines(manager: PoolManager) -> None:
    classes: Any = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {
        scheme: _with_deadlines(pool) for scheme, pool in classes.items()
    }


@cache
def _with_deadlines(pool: type[Any]) -> type[Any]:
    is_done = issubclass(pool, _DeadlinePool)
    return pool if is_done else type(pool.__name__, (_DeadlinePool, pool), {})


class _DeadlinePool(HTTPConnectionPool):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limited_calls = LimitedCalls(1)

    # Not with a `ConnectionCls` of its own: vcrpy replaces that of `HTTPConnectionPool`.
    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.response_class = ExactResponse
        return connection

    def _get_timeout(self, timeout: Any) -> Timeout:
        if isinstance(timeout, _AttemptTimeout):
            return timeout
        given, deadline = super()._get_timeout(timeout), current_deadline()
        return given if deadline is None else _AttemptTimeout(given, deadline)

    def _validate_conn(self, conn: Any) -> None:
        # A stub of vcrpy knows only in the request whether it needs a connection.
        if type(conn).__module__.startswith("urllib3.") and not conn.sock:
            self._connect(conn, conn.connect)
        super()._validate_conn(conn)

    def _prepare_proxy(self, conn: Any) -> None:
        self._connect(conn, partial(super()._prepare_proxy, conn))

    def _connect(self, conn: Any, connect: Callable[[], Any]) -> None:
        """Resolve the name, try its addresses, open the tunnel and encrypt, until the deadline."""
        deadline = current_deadline()
        if deadline is None or _needs_one_wait(conn):
            connect()
            return
        share = partial(_share_time, conn, deadline, connect)
        if not self._limited_calls.run(deadline, share, discard=conn.close):
            raise ConnectTimeoutError(conn, f"Connection to {conn.host} timed out")


class _AttemptTimeout(Timeout):
    """The timeouts of a request, shortened to what is left until a deadline."""

    def __init__(self, given: Timeout, deadline: float) -> None:
        super().__init__()
        self._connect_seconds = given.connect_timeout
        self._read_seconds = given.read_timeout
        self._deadline = deadline

    def clone(self) -> Timeout:
        return self

    def start_connect(self) -> float:
        return 0.0  # the deadline counts instead

    @property
    def connect_timeout(self) -> Any:
        return shortened(self._connect_seconds, self._deadline)

    @property
    def read_timeout(self) -> Any:
        return shortened(self._read_seconds, self._deadline)


def _needs_one_wait(conn: Any) -> bool:
    """Return whether the timeout of the socket limits all of a `connect`: one address, no TLS."""
    is_address = ":" in conn.host or conn.host.replace(".", "").isdecimal()
    return is_address and type(conn) is HTTPConnection


def _share_time(conn: Any, deadline: float, connect: Callable[[], Any]) -> None:
    """Connect, with time for each address of the host: the first may lead nowhere."""
    timeout, left = conn.timeout, seconds_left(deadline)
    if timeout is not None and timeout * 2 > left:
        before = current_exception()
        try:
            addresses = socket.getaddrinfo(conn.host, conn.port, type=socket.SOCK_STREAM)
            conn.timeout = min(timeout, left / len(addresses))
        except (OSError, UnicodeError) as error:  # `connect` resolves again, and reports it
            reraise_if_by_handler(error, before)
    connect()
