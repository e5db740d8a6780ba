"""Checks the parameters of an emitter, and fills in what depends on other parameters."""

from __future__ import annotations

from snowplow_tracker._http.endpoint import is_loopback, redact_url, require_path
from snowplow_tracker._loggers import find_logger, lazy_logger
from snowplow_tracker._stores.record_store import STORE_METHODS
from snowplow_tracker._validation import (
    require_callback,
    require_count_or_none,
    require_flag,
    require_headers,
    require_methods,
    require_port,
    require_retry_codes,
    require_seconds,
    require_timeout,
)
from snowplow_tracker.contracts import one_of
from snowplow_tracker.event_store import InMemoryEventStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from snowplow_tracker.typing import HttpProtocol

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "HTTP_BY_DEFAULT",
    "METHODS",
    "PROTOCOLS",
    "resolve_settings",
    "warn_of_plain_http",
]

_EMITTERS = "snowplow_tracker.emitters"
_logger = lazy_logger(_EMITTERS)

PROTOCOLS = {"http", "https"}
METHODS = {"get", "post"}
# The default of `AsyncEmitter`, an object of its own: a program that passes "http" means it.
_http: Any = str(b"http", "ascii")
HTTP_BY_DEFAULT: HttpProtocol = _http
DEFAULT_BATCH_SIZE = 10
_DEFAULT_CAPACITY = 10_000
_WHEN_FULL = {"refuse", "block"}
_CALLBACKS = ("on_success", "on_failure")
_COUNTS = ("batch_size", "buffer_size", "buffer_capacity", "byte_limit")
_PATHS = ("get_path", "post_path")
_SECONDS = ("max_retry_delay_seconds", "exit_timeout", "block_timeout")


def resolve_settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check the parameters of an emitter's constructor.

    Args:
        parameters: All parameters of `Emitter`, by name.

    Returns:
        The attributes of the emitter, and the checked `port` and `session`.

    Raises:
        ValueError: A parameter has the wrong type, or is out of range.
        TypeError: Both `batch_size` and `buffer_size` were given.
    """
    given = dict(parameters)
    method = given["method"]
    one_of(given["protocol"], PROTOCOLS, name="protocol")
    one_of(method, METHODS, name="method")
    one_of(given["when_full"], _WHEN_FULL, name="when_full")
    if given["batch_size"] is not None and given["buffer_size"] is not None:
        raise TypeError("batch_size and buffer_size are the same: give one of them")
    counts = {name: require_count_or_none(given[name], name=name) for name in _COUNTS}
    settings: dict[str, Any] = {
        "port": require_port(given["port"]),
        "session": require_methods(given["session"], [method], name="session"),
        "method": method,
        "byte_limit": counts["byte_limit"],
        "bytes_queued": None if counts["byte_limit"] is None else 0,
        "request_timeout": require_timeout(given["request_timeout"]),
        "custom_retry_codes": require_retry_codes(given["custom_retry_codes"]),
        "when_full": given["when_full"],
        "custom_headers": require_headers(given["custom_headers"]),
        "server_anonymous": require_flag(given["server_anonymous"], name="server_anonymous"),
        **{name: require_path(given[name], name=name) for name in _PATHS},
        **{name: require_callback(given[name], name=name) for name in _CALLBACKS},
        **{name: require_seconds(given[name], name=name) for name in _SECONDS},
    }
    settings["event_store"], capacity = _store(given["event_store"], counts["buffer_capacity"])
    size = counts["batch_size"] if counts["buffer_size"] is None else counts["buffer_size"]
    if size is None:
        size = DEFAULT_BATCH_SIZE if method == "post" else 1
    settings["batch_size"] = size if capacity is None else min(size, capacity)
    return settings


def _store(given: Any, capacity: int | None) -> tuple[Any, int | None]:
    """Return the event store, and its capacity as far as the emitter's parameters say."""
    if given is not None:
        return require_methods(given, STORE_METHODS, name="event_store"), capacity
    capacity = _DEFAULT_CAPACITY if capacity is None else capacity
    return InMemoryEventStore(find_logger(_EMITTERS), capacity), capacity


def warn_of_plain_http(endpoint: str, uri: str) -> None:
    """Warn that events travel unencrypted, unless the collector is on this machine.

    Args:
        endpoint: The endpoint as given. A scheme in it was asked for.
        uri: The address that it means.
    """
    if "://" not in endpoint and not is_loopback(endpoint):
        _logger.warning(
            'Events travel unencrypted to %s. Set protocol="https", or "http" if intended',
            redact_url(uri),
        )
