"""The requests session of an emitter. Imported with the first request, as requests is slow."""

from __future__ import annotations

# requests and http.client import these two with a first request, without the lock that a fork waits
# for (see client.py).
import encodings.idna  # noqa: F401
import netrc  # noqa: F401
import os
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter

from snowplow_tracker._http.added_headers import KeepsHeaders, view_with_headers
from snowplow_tracker._http.deadline import DeadlineAdapter, drain_and_release
from snowplow_tracker._http.prepared_route import PreparedRoute, proxy_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

__all__ = [
    "CollectorSession",
    "FastResponse",
    "close_idle_connections",
    "reset_connections",
    "view_with_headers",
]

_MAX_REDIRECTS = 3
_REDIRECTS_WITH_BODY = frozenset({307, 308})
_inherited: list[object] = []


class FastResponse(NamedTuple):
    """The part of a `requests.Response` that `HttpClient` reads."""

    status_code: int
    headers: Mapping[str, str]


_OK = FastResponse(200, {})


class CollectorSession(KeepsHeaders, requests.Session):
    """A session that keeps connections alive, but stores no cookies.

    A collector identifies a user by a cookie: with one, all users of a service would be the same.
    A POST follows only redirects that keep its method. At any other redirect it would become a GET
    without its events.
    """

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = _MAX_REDIRECTS
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for prefix in ("https://", "http://"):
            self.mount(prefix, DeadlineAdapter())
        # One attribute for route and key: a KeyboardInterrupt may come between two assignments.
        self._route: tuple[tuple[object, ...], PreparedRoute] | None = None
        self._pid = os.getpid()
        self._requests = 0  # in progress
        self._closes_when_idle = False

    def __enter__(self) -> Self:
        """Surround a request: see `close_when_idle`."""
        self._requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._requests -= 1
        if self._closes_when_idle and not self._requests:
            self.close()

    def close_when_idle(self) -> None:
        """Close all connections, at once or after the request in progress on another thread."""
        if self._pid == os.getpid():
            self._closes_when_idle = True
            if not self._requests:
                self.close()

    def close(self) -> None:
        """Close all connections. A later request opens others."""
        route, self._route = self._route, None
        if route is not None:
            route[1].close()
        super().close()

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return the URL to follow a redirect to, None to return the redirect as response."""
        # A response made by a test may lack the attribute `request`.
        is_post = getattr(resp.request, "method", None) == "POST"
        if is_post and resp.status_code not in _REDIRECTS_WITH_BODY:
            return None
        return super().get_redirect_target(resp)

    def send_fast(
        self,
        method: str,
        url: str,
        *,
        timeout: Any,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> FastResponse | requests.Response:
        """Send like `request`, with a route that is prepared once, and discard the body.

        Only for requests that go through no function that a program has replaced: see
        `is_unpatched` in patched.py.
        """
        response = self._route_to(method, url, headers).send(timeout=timeout, **content)
        if response is True:
            return _OK
        drain_and_release(response)
        if 300 <= response.status < 400:  # noqa: PLR2004 - the class of statuses 3xx
            request = requests.Request(method, url, headers, **content)
            return self._follow(request, response, timeout)
        return FastResponse(response.status, response.headers)

    def _route_to(self, method: str, url: str, headers: Mapping[str, str] | None) -> PreparedRoute:
        key = (method, url, headers, self.headers.get("Connection"), *proxy_environment())
        if self._route is None or self._route[0] != key:
            self._route = key, PreparedRoute(self, method, url, headers)
        return self._route[1]

    def _follow(self, request: requests.Request, redirect: Any, timeout: Any) -> requests.Response:
        prepared = self.prepare_request(request)
        adapter: Any = self.get_adapter(str(prepared.url))
        settings: Any = self.merge_environment_settings(prepared.url, {}, True, None, None)
        response: requests.Response = adapter.build_response(prepared, redirect)
        for step in self.resolve_redirects(response, prepared, timeout=timeout, **settings):
            response = step
            drain_and_release(response.raw)
        return response


def close_idle_connections(session: object, url: str) -> None:
    """Close the connections to which a session would send the next request for a URL.

    Args:
        session: Anything that is not a `requests.Session` is left alone.
        url: The URL.
    """
    if isinstance(session, requests.Session):
        session.get_adapter(url).close()


def reset_connections(session: object) -> None:
    """Give a session new connections in a forked child process.

    The connections of the parent process are neither used nor closed, and the locks of its pools
    are not acquired: a thread of the parent may have held them at the fork.

    Args:
        session: Anything that is not a `requests.Session` is left alone.
    """
    if not isinstance(session, requests.Session):
        return
    adapters = [each for each in session.adapters.values() if isinstance(each, HTTPAdapter)]
    for adapter in adapters:
        pools: Any = adapter
        _inherited.append((pools.poolmanager, pools.proxy_manager))
        pools.__setstate__(pools.__getstate__())
