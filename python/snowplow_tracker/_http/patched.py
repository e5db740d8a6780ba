"""Whether a program has replaced a function of requests or urllib3 that a request goes through.

Tools for tests and for tracing replace functions, and must see the emitters' requests. While one of
these is replaced, requests are sent with `requests.Session.request` instead of the fast path:

| function | replaced by |
| --- | --- |
| `requests.post`, `requests.get` | `unittest.mock` and `monkeypatch` in tests of programs |
| `Session.post`, `Session.get` | the same |
| `Session.request` | the same; ddtrace, AWS X-Ray |
| `Session.send` | OpenTelemetry, ddtrace; httmock, requests-mock |
| `Session.prepare_request` | AWS X-Ray; httmock |
| `Session.get_adapter` | requests-mock |
| `Session.merge_environment_settings` | programs that switch verification or proxies off |
| `HTTPAdapter.send` | responses; replacements of the class in `requests.sessions` |
| `HTTPConnectionPool.urlopen` | OpenTelemetry, ddtrace, Elastic APM for urllib3; mocks of urllib3 |
| `ConnectionCls` of urllib3's two pools | vcrpy |

Methods of connections and pools are only called for connections that direct.py does not use. While
one of these is replaced, as Sentry does in `http.client.HTTPConnection`, it uses none.

Other functions are not checked: the fast path calls them too, or they only build a
`requests.Response`. Some are called only when a route is prepared (`HTTPAdapter.cert_verify`,
`.request_url`, `.get_connection_with_tls_context`).
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from types import FunctionType
from typing import Any

__all__ = ["has_original_connections", "is_unpatched", "patched_function"]

_last_check: tuple[tuple[object, ...], bool] = ((), False)
_last_connections: tuple[tuple[object, ...], bool] = ((), False)
_of_connections = attrgetter(
    *("request", "putrequest", "putheader", "endheaders", "_send_output", "send", "getresponse"),
    *("connect", "close"),
)
_of_pools = attrgetter("_get_conn", "_put_conn", "_make_request", "_get_timeout", "_validate_conn")


def patched_function(requests: Any, name: str) -> Any:
    """Return the function that a program has put in the place of `requests.post` or `requests.get`.

    Args:
        requests: The module, or what a program has put in its place in `snowplow_tracker.emitters`.
        name: "post" or "get".

    Returns:
        The replacement, or None if the function is the original.
    """
    function = getattr(requests, name)
    return None if _defined_in(function) == "requests.api" else function


def is_unpatched() -> bool:
    """Whether all functions that the fast path does not call are the originals."""
    global _last_check  # noqa: PLW0603 - the functions are the same for the whole process
    session, adapter, http_pool, https_pool = _classes()
    functions = (
        *(session.post, session.get, session.request, session.send, session.prepare_request),
        *(session.get_adapter, session.merge_environment_settings, adapter.send),
        *(http_pool.urlopen, http_pool.ConnectionCls, https_pool.ConnectionCls),
    )
    if functions != _last_check[0]:
        _last_check = functions, all(map(_is_original, functions))
    return _last_check[1]


def has_original_connections() -> bool:
    """Whether all methods by which urllib3 sends on a connection are the originals."""
    global _last_connections  # noqa: PLW0603 - the functions are the same for the whole process
    base, http, https, http_pool, https_pool = _connection_classes()
    try:
        functions = (
            *(_of_connections(base) + _of_connections(http) + _of_connections(https)),
            *(_of_pools(http_pool) + _of_pools(https_pool)),
        )
    except AttributeError:  # another version of urllib3
        return False
    if functions != _last_connections[0]:
        _last_connections = functions, all(map(_is_original, functions))
    return _last_connections[1]


@cache
def _connection_classes() -> tuple[Any, ...]:
    from http import client  # noqa: PLC0415 - see `_classes`

    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415

    connections = client.HTTPConnection, HTTPConnection, HTTPSConnection
    return *connections, HTTPConnectionPool, HTTPSConnectionPool


@cache
def _classes() -> tuple[Any, ...]:
    # Not imported by `patched_function`: a test that replaces `requests.post` may have replaced
    # these classes as well, and they would stay replaced here.
    from requests import Session  # noqa: PLC0415
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415

    from snowplow_tracker._http.deadline import DeadlineAdapter  # noqa: PLC0415

    return Session, DeadlineAdapter, HTTPConnectionPool, HTTPSConnectionPool


def _is_original(attribute: object) -> bool:
    is_class = isinstance(attribute, type)
    module = attribute.__module__ if is_class else _defined_in(attribute)
    return module.startswith(("requests.", "urllib3.", "http.client"))


def _defined_in(function: object) -> str:
    """Return the module that a function was defined in, "" if it is not a plain function.

    `functools.wraps` copies `__module__`, and some wrappers imitate all attributes of a function,
    so only the globals of a plain function tell.
    """
    if type(function) is not FunctionType:
        return ""
    return str(function.__globals__.get("__name__"))
