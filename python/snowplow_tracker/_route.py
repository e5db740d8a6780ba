"""The way to one address, worked out once: requests does that for every request."""

from __future__ import annotations

import os
from types import FunctionType
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Request, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry, Timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Route", "is_untouched", "settings_of_environment"]

_NO_RETRIES = Retry(total=False, redirect=False)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_VARIABLES = (
    *_PROXIES,
    *map(str.upper, _PROXIES),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
)


def settings_of_environment() -> tuple[str | None, ...]:
    """Return the environment variables that decide how an address is reached."""
    return tuple(map(os.environ.get, _VARIABLES))


class Route:
    """What a session's settings mean for an address: proxy, TLS, credentials, headers.

    Args:
        session: The session.
        method: "POST" or "GET".
        url: The address.
        headers: What the request adds to the session's headers.
    """

    def __init__(
        self, session: Session, method: str, url: str, headers: Mapping[str, str] | None
    ) -> None:
        request = session.prepare_request(Request(method, url, headers=headers))
        settings = session.merge_environment_settings(request.url, {}, None, None, None)
        adapter: Any = session.get_adapter(str(request.url))
        verify, cert = settings["verify"], settings["cert"]
        self._method = method
        self._url = url
        self._proxies = settings["proxies"]
        self._pool = adapter.get_connection_with_tls_context(
            request, verify, proxies=self._proxies, cert=cert
        )
        adapter.cert_verify(self._pool, request.url, verify, cert)
        self._adapter = adapter
        self._headers = dict(request.headers)
        self._target = adapter.request_url(request, self._proxies)

    def send(
        self, *, timeout: Any, data: str | bytes | None = None, params: dict[str, Any] | None = None
    ) -> Any:
        """Send a request; return urllib3's response with its body unread."""
        body = data.encode() if isinstance(data, str) else data
        # In the place where requests has it, which the headers know from an empty request.
        length = {} if body is None else {"Content-Length": str(len(body))}
        return self._pool.urlopen(
            self._method,
            self._target if params is None else self._target_with(params),
            body=body,
            headers={**self._headers, **length},
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=_NO_RETRIES,
            timeout=_as_timeout(timeout),
        )

    def _target_with(self, params: dict[str, Any]) -> str:
        request = PreparedRequest()
        request.prepare_url(self._url, params)
        target: str = self._adapter.request_url(request, self._proxies)
        return target


def _as_timeout(given: Any) -> Timeout:
    if isinstance(given, Timeout):
        return given
    connect, read = given if isinstance(given, tuple) else (given, given)
    return Timeout(connect=connect, read=read)


_judged: tuple[tuple[object, ...], bool] = ((), False)


def is_untouched() -> bool:
    """Whether requests is as it was made, where a route leaves its usual way.

    Tools for tests and for tracing put functions of their own in the place of its own.
    """
    global _judged  # noqa: PLW0603 - what stands on the way is the same for the whole process
    on_the_way = (
        *(Session.__init__, Session.post, Session.get, Session.request, Session.send),
        *(Session.prepare_request, Session.merge_environment_settings, Session.get_adapter),
        *(HTTPAdapter.send, HTTPAdapter.get_connection_with_tls_context, HTTPAdapter.cert_verify),
        *(HTTPAdapter.request_url, HTTPAdapter.add_headers, HTTPAdapter.build_response),
        *(HTTPConnectionPool.urlopen, HTTPConnectionPool.ConnectionCls),
        HTTPSConnectionPool.ConnectionCls,
    )
    if on_the_way != _judged[0]:
        _judged = on_the_way, all(map(_is_genuine, on_the_way))
    return _judged[1]


def _is_genuine(thing: object) -> bool:
    if isinstance(thing, type):
        maker = thing.__module__
    else:  # not `__module__`: a wrapper has it from what it wraps
        maker = str(thing.__globals__.get("__name__")) if type(thing) is FunctionType else ""
    return maker.startswith(("requests.", "urllib3."))
