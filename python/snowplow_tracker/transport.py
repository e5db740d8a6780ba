"""Talks HTTP: one request out over requests, its response back."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

from snowplow_tracker._retry import NETWORK_ERROR, is_success, retry_after, status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from snowplow_tracker._session import EmitterSession, Reply
    from snowplow_tracker.typing import HttpProtocol, Method

__all__ = [
    "HEADERS",
    "Answer",
    "Transport",
    "ask",
    "collector_uri",
    "fits_request_line",
    "post_uri",
    "shown",
    "to_ascii",
]

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_LOSE_THE_BODY = (301, 302, 303)
_MAX_GET_BYTES = 16_000
_importing = threading.RLock()
_PATHS = {"get": "i", "post": "com.snowplowanalytics.snowplow/tp2"}


class Transport:
    """Keeps a session for each thread of each process, made when first needed.

    Where a program has replaced `requests.post` or `requests.get`, those are called instead.

    Attributes:
        keeps_alive: Whether connections stay open. At exit, nobody is left to close them.
    """

    def __init__(self) -> None:
        self.keeps_alive = True
        self._local = threading.local()

    def post(
        self, url: str, *, data: str | bytes, headers: dict[str, str], timeout: tuple[float, float]
    ) -> requests.Response:
        """Send a POST."""
        post = _replaced("post")
        if post is None:
            return self._session().post(url, data=data, headers=headers, timeout=timeout)
        response: requests.Response = post(
            url, data=to_ascii(data), headers=headers, timeout=timeout
        )
        return response

    def get(
        self, url: str, *, params: dict[str, Any], timeout: tuple[float, float]
    ) -> requests.Response:
        """Send a GET."""
        get = _replaced("get") or self._session().get
        response: requests.Response = get(url, params=params, timeout=timeout)
        return response

    def send(self, method: Method, url: str, **request: Any) -> Reply | requests.Response:
        """Send as `post` or `get`, by a shorter way where nothing of requests was replaced."""
        if _replaced(method) is None and (session := self._session()).has_short_way():
            return session.send_by_short_way(method.upper(), url, **request)
        response: requests.Response = getattr(self, method)(url, **request)
        return response

    def _session(self) -> EmitterSession:
        if getattr(self._local, "pid", None) != os.getpid():
            with _importing:
                from snowplow_tracker._session import (  # noqa: PLC0415 - which imports requests
                    EmitterSession,
                )
            # In a forked child, the parent's connections stay open: they are not ours to end.
            self._local.inherited = getattr(self._local, "session", None)
            self._local.session = EmitterSession()
            self._local.pid = os.getpid()
        session: EmitterSession = self._local.session
        if not self.keeps_alive:
            session.headers["Connection"] = "close"
        return session


def _replaced(name: str) -> Any:
    """Return a function of requests if a program has put another in its place.

    Programs do so in requests itself or, by `snowplow_tracker.emitters.requests`, with all of it.
    """
    with _importing:
        from snowplow_tracker.emitters import requests  # noqa: PLC0415 - heavy
    function = getattr(requests, name)
    # Not `__module__`: a program's wrapper has it from what it wraps, some also `__globals__`.
    is_function = type(function) is FunctionType
    is_genuine = is_function and function.__globals__.get("__name__") == "requests.api"
    return None if is_genuine else function


class Answer:
    """What became of a request. A plain class: to make a named tuple takes a millisecond.

    Attributes:
        status: The status, -1 after a network error.
        error: What went wrong, None after a success.
        retry_after: The seconds that a failure's Retry-After asks to wait, None without one.
    """

    __slots__ = ("error", "retry_after", "status")

    def __init__(
        self, status: int, error: str | None = None, retry_after: float | None = None
    ) -> None:
        self.status = status
        self.error = error
        self.retry_after = retry_after


def ask(send: Callable[..., Any], url: str, **request: Any) -> Answer:
    """Send a request by a function like those of requests.

    A POST that lost its events to a redirect has the redirect's status.
    """
    try:
        response = send(url, **request)
    except Exception as error:  # noqa: BLE001 - a given session may raise anything
        return Answer(NETWORK_ERROR, f"{type(error).__name__}: {error}")
    if "data" in request and (redirect := _lossy_redirect(response)):
        status, location = redirect
        return Answer(status, f"HTTP {status}, redirected to {location}")
    status = status_of(response)
    if is_success(status):
        return Answer(status)
    headers = getattr(response, "headers", None)
    wait = retry_after(headers) if isinstance(headers, Mapping) else None
    return Answer(status, f"HTTP {status}", wait)


def collector_uri(endpoint: str, protocol: HttpProtocol, port: int | None, method: Method) -> str:
    """Return the address of a collector's endpoint: see `Emitter.as_collector_uri`."""
    if not isinstance(endpoint, str) or not endpoint:
        raise ValueError(f"endpoint must be the address of a collector: {endpoint!r}")
    scheme, separator, rest = endpoint.rstrip("/").partition("://")
    if not separator:
        scheme, rest = protocol, endpoint.rstrip("/")
    host, slash, path = rest.partition("/")
    if port is not None and not re.search(r":\d+$", host):
        host = f"{host}:{port}"
    return f"{scheme}://{host}{slash}{path}/{_PATHS[method]}"


def shown(uri: object) -> str:
    """Return an address as a log may show it: without a user's name and password."""
    scheme, separator, rest = str(uri).partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def post_uri(get_uri: str) -> str:
    """Return where the collector of a GET endpoint takes POSTs."""
    return get_uri.removesuffix(_PATHS["get"]) + _PATHS["post"]


def fits_request_line(url: str, params: dict[str, Any]) -> bool:
    """Whether a GET is short enough: a collector takes no request line beyond 20,480 bytes."""
    from urllib.parse import urlencode  # noqa: PLC0415 - needed by GET alone

    return len(url) + len(urlencode(params, errors="replace")) < _MAX_GET_BYTES


def to_ascii(body: str | bytes) -> str:
    """Return a JSON body as text in ASCII, which any HTTP stack takes without an encoding."""
    text = body.decode() if isinstance(body, bytes) else body
    if text.isascii():
        return text
    utf16 = text.encode("utf-16-be", "surrogatepass")
    units = (int.from_bytes(utf16[at : at + 2], "big") for at in range(0, len(utf16), 2))
    return "".join(chr(unit) if unit < 0x80 else f"\\u{unit:04x}" for unit in units)  # noqa: PLR2004


def _lossy_redirect(response: Any) -> tuple[int, str | None] | None:
    """Return status and Location of a redirect at which a POST left its events behind, if any."""
    history = getattr(response, "history", None)
    for step in [*(history if isinstance(history, list) else []), response]:
        status = getattr(step, "status_code", None)
        if status in _LOSE_THE_BODY:
            return status, step.headers.get("Location")
    return None


# A child would wait for ever for what a thread of its parent was importing.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_importing.acquire,
        after_in_parent=_importing.release,
        after_in_child=_importing.release,
    )
