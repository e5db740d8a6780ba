"""Sends one HTTP request and returns one result. Imports requests with the first request."""

from __future__ import annotations

import os
import sys
from _weakref import ref  # `weakref` imports more than this needs
from functools import partial

from snowplow_tracker._http.attempt import (
    LimitedCalls,
    attempt,
    current_deadline,
    total_seconds,
)
from snowplow_tracker._http.endpoint import HEADERS, to_ascii
from snowplow_tracker._http.headers import secrets_of
from snowplow_tracker._http.redact import describe, redact_url
from snowplow_tracker._http.status import (
    NETWORK_ERROR,
    HttpResult,
    is_informational,
    is_success,
    retry_after,
    status_of,
)
from snowplow_tracker._locks import importing, sections
from snowplow_tracker._signals import current_exception, reraise_if_by_handler
from snowplow_tracker._threads import Mark, PerThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import ModuleType
    from typing import Any, TypeAlias

    import requests

    from snowplow_tracker._http.session import CollectorSession, FastResponse
    from snowplow_tracker.typing import Method

    Timeout: TypeAlias = float | tuple[float | None, float | None]

__all__ = ["HttpClient", "Requester", "import_early_if_necessary"]

_REDIRECTS_WITHOUT_BODY = (301, 302, 303)
_TIMED_OUT = "TimeoutError: the request took longer than the timeout"
_MOST_ABANDONED = 8  # requests of a given session that have not ended at their deadline


class Requester:
    """The two functions that an emitter sends with, called like `requests.post` and `.get`."""

    __module__ = "snowplow_tracker.emitters"

    def __init__(self, post: Callable[..., Any], get: Callable[..., Any]) -> None:
        self.post = post
        self.get = get


class HttpClient:
    """Sends requests with the session of the program, or with sessions of its own.

    Args:
        session: An object with `post` or `get`. None: use sessions of the client's own.
        requests: Returns the module requests, in which programs may have replaced functions.

    Attributes:
        requester: The functions to send with, which a program may replace.
        inside: Surrounds calls of the program's session on threads that the program does not know.
    """

    def __init__(self, session: Any, requests: Callable[[], Any]) -> None:
        self._session = session
        self.inside: Callable[[], AbstractContextManager[Any]] = Mark()
        self._own = _OwnSessions(requests)
        self._limited_calls = LimitedCalls(_MOST_ABANDONED)
        self._own_functions: dict[str, Callable[..., Any]] = {}
        if session is None:
            # Keep the bound methods: each access to `self._own.post` creates another one.
            self._own_functions = {"post": self._own.post, "get": self._own.get}
            self.requester = Requester(**self._own_functions)
        else:
            self.requester = _requester_of(session)

    @property
    def keep_alive(self) -> bool:
        """Whether own connections stay open after a request. Set to False at exit."""
        return self._own.keep_alive

    @keep_alive.setter
    def keep_alive(self, keep_alive: bool) -> None:
        self._own.keep_alive = keep_alive

    def is_own_post(self, requester: Requester) -> bool:
        """Whether `requester.post` is the client's own: it takes bodies in UTF-8, as bytes."""
        return self._is_own(requester, "post")

    def send(
        self,
        requester: Requester,
        method: Method,
        url: str,
        *,
        timeout: Timeout,
        deadline: float | None = None,
        **content: Any,
    ) -> HttpResult:
        """Send a request.

        Args:
            requester: The functions to send with.
            method: Which one of these.
            url: The address.
            timeout: Seconds to connect and to wait for the response, or a pair of both.
            deadline: When the request has to end, on the clock of `time.monotonic`, if it takes
                less time than `timeout` allows.
            content: `data` and `headers` of a POST, `params` of a GET.

        Returns:
            A result for each request, also if the function raised an exception. The status of a
            POST that lost its body at a redirect is the status of the redirect.
        """
        send = getattr(requester, method)
        if self._is_own(requester, method):
            send = partial(self._own.send, method, deadline)
        request = partial(_send, send, url, timeout=timeout, **content)
        if self._session is None:
            return request()
        return self._send_by_given_session(request, url, timeout, deadline)

    def _send_by_given_session(
        self, request: Callable[[], HttpResult], url: str, timeout: Timeout, deadline: float | None
    ) -> HttpResult:
        is_nested = current_deadline() is not None
        # One number is a limit for each of the two parts: see `requests.Session.request`.
        pair = (timeout, timeout) if isinstance(timeout, int | float) else timeout
        with attempt(total_seconds(pair), deadline):
            end = current_deadline()
            if is_nested or end is None:
                result = request()
            else:
                results = self._limited_calls.run(end, partial(_inside, self.inside, request))
                result = results[0] if results else HttpResult(NETWORK_ERROR, _TIMED_OUT)
        if is_informational(result.status):
            # `http.client` takes 103 for the final response, which is still to come.
            _session_module().close_idle_connections(self._session, url)
        return result

    def close(self) -> None:
        """Close the client's own connections, those of requests in progress after these.

        Requests remain possible: each then closes its connection. The program's session stays open.
        """
        self._own.close()

    def reset_after_fork(self) -> None:
        """Give the session of the program new connections in a child process.

        The client's own sessions compare process ids, so they need no reset.
        """
        self._limited_calls = LimitedCalls(_MOST_ABANDONED)
        if self._session is None or "requests" not in sys.modules:
            return
        _session_module().reset_connections(self._session)

    def _is_own(self, requester: Requester, method: Method) -> bool:
        own = self._own_functions.get(method)
        return own is not None and getattr(requester, method) is own


def _requester_of(session: Any) -> Requester:
    """Return the functions of a session, looked up at each call since programs patch them."""

    def post(url: str, **request: Any) -> Any:
        return _view_for(session, request).post(url, **request)

    def get(url: str, **request: Any) -> Any:
        return _view_for(session, request).get(url, **request)

    return Requester(post, get)


def _view_for(session: Any, request: dict[str, Any]) -> Any:
    """Return the session that sends a request, which may have headers of the program."""
    headers = request.get("headers", {})
    if headers in ({}, HEADERS) or "requests" not in sys.modules:
        return session
    added = {name: value for name, value in headers.items() if name not in HEADERS}
    return _session_module().view_with_headers(session, added)


def _inside(
    context: Callable[[], AbstractContextManager[Any]], request: Callable[[], HttpResult]
) -> HttpResult:
    with context():
        return request()


def _send(send: Callable[..., Any], url: str, **request: Any) -> HttpResult:
    before = current_exception()
    try:
        response = send(url, **request)
    except Exception as error:  # noqa: BLE001 - a session of the program may raise anything
        reraise_if_by_handler(error, before)
        secrets = secrets_of(request.get("headers", {}))
        return HttpResult(NETWORK_ERROR, describe(error, secrets))
    if "data" in request and (redirect := _redirect_without_body(response)):
        status, location = redirect
        return HttpResult(status, f"HTTP {status}, redirected to {redact_url(location)}")
    status = status_of(response)
    if is_success(status):
        return HttpResult(status)
    from collections.abc import Mapping  # noqa: PLC0415 - slow to import, requests has done so

    headers = getattr(response, "headers", None)
    seconds = retry_after(headers) if isinstance(headers, Mapping) else None
    return HttpResult(status, f"HTTP {status}", seconds)


def _redirect_without_body(response: Any) -> tuple[int, str | None] | None:
    """Return status and Location of the redirect that turned a POST into a GET, if there is one.

    See `SessionRedirectMixin.rebuild_method` of requests.
    """
    history = getattr(response, "history", None)
    for step in [*(history if isinstance(history, list) else []), response]:
        status = getattr(step, "status_code", None)
        if status in _REDIRECTS_WITHOUT_BODY:
            return status, step.headers.get("Location")
    return None


class _OwnSessions:
    """A session for each thread of each process, created with the first request.

    If a program has replaced `requests.post` or `requests.get`, its function is called instead.

    Attributes:
        keep_alive: Whether connections stay open after a request.
    """

    def __init__(self, requests: Callable[[], Any]) -> None:
        self.keep_alive = True
        self._requests = requests
        self._local = PerThread()
        self._all: set[ref[CollectorSession]] = set()

    def close(self) -> None:
        """Close the connections of all threads, see `CollectorSession.close_when_idle`."""
        self.keep_alive = False
        for reference in list(self._all):
            session = reference()
            if session is not None:
                session.close_when_idle()

    def post(
        self, url: str, *, data: str | bytes, headers: dict[str, str], timeout: Timeout
    ) -> requests.Response:
        """Send a POST like `requests.post`."""
        post = self._patched("post")
        if post is None:
            session = self._session()
            with session, attempt(total_seconds(timeout)):
                return session.post(url, data=data, headers=headers, timeout=timeout)
        response: requests.Response = post(
            url, data=to_ascii(data), headers=headers, timeout=timeout
        )
        return response

    def get(
        self, url: str, *, params: dict[str, Any], timeout: Timeout, **headers: Any
    ) -> requests.Response:
        """Send a GET like `requests.get`. `headers` is given only if the program has some."""
        get = self._patched("get")
        if get is None:
            session = self._session()
            with session, attempt(total_seconds(timeout)):
                return session.get(url, params=params, timeout=timeout, **headers)
        response: requests.Response = get(url, params=params, timeout=timeout, **headers)
        return response

    def send(
        self, method: Method, deadline: float | None, url: str, *, timeout: Timeout, **content: Any
    ) -> FastResponse | requests.Response:
        """Send like `post` or `get`, on the fast path if no function on the way is replaced."""
        if self._patched(method) is None:
            # The import of requests, which is slow, is not part of the attempt.
            session = self._session()
            with session, attempt(total_seconds(timeout), deadline):
                if _is_unpatched():
                    return session.send_fast(method.upper(), url, timeout=timeout, **content)
                response: requests.Response = getattr(session, method)(
                    url, timeout=timeout, **content
                )
                return response
        patched: Callable[..., requests.Response] = getattr(self, method)
        return patched(url, timeout=timeout, **content)

    def _patched(self, name: Method) -> Any:
        with sections, sections.emitter(), importing:
            from snowplow_tracker._http.patched import (  # noqa: PLC0415 - needed by requests only
                patched_function,
            )

            requests = self._requests()
        return patched_function(requests, name)

    def _session(self) -> CollectorSession:
        if getattr(self._local, "pid", None) != os.getpid():
            # Keep the session of the parent process: closing its connections would end them there.
            self._local.inherited = getattr(self._local, "session", None)
            created: CollectorSession = _session_module().CollectorSession()
            self._local.session = created
            self._local.pid = os.getpid()
            self._all.add(ref(created, self._all.discard))
        session: CollectorSession = self._local.session
        if not self.keep_alive:
            session.headers["Connection"] = "close"
        return session


def import_early_if_necessary() -> None:
    """Import requests now under uWSGI, which has a module `uwsgi`.

    It runs Python's exit handlers after those of C libraries. OpenSSL has ended then: its first
    import, for the last delivery, would crash the process.
    """
    if "uwsgi" in sys.modules:
        _session_module()


def _session_module() -> ModuleType:
    with sections, sections.emitter(), importing:
        from snowplow_tracker._http import session  # noqa: PLC0415 - imports requests

    return session


def _is_unpatched() -> bool:
    from snowplow_tracker._http.patched import is_unpatched  # noqa: PLC0415 - imports requests

    return is_unpatched()
