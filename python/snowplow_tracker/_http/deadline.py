"""An adapter whose responses have a deadline as a whole, not one for each read."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

# Not from requests.adapters: a program that replaces the class for new sessions does so here.
from requests.sessions import HTTPAdapter
from urllib3 import HTTPConnectionPool

from snowplow_tracker._http.response import ExactResponse

if TYPE_CHECKING:
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
    is_drained = False
    try:
        if isinstance(original, ExactResponse):
            original.shorten_deadline(_MAX_DRAIN_SECONDS)
        original.read(_MAX_DRAINED_BYTES)
        is_drained = original.isclosed()
    except Exception:  # noqa: BLE001, S110 - the status is known, the body is not needed
        pass
    finally:
        if not is_drained:
            response.close()
        response.release_conn()


class DeadlineAdapter(HTTPAdapter):
    """Fails a request if head and body of the response together take longer than the timeout."""

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
    # Not with a `ConnectionCls` of its own: vcrpy replaces that of `HTTPConnectionPool`.
    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.response_class = ExactResponse
        return connection
