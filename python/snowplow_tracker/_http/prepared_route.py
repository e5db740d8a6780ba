"""The route to one URL, prepared once. requests prepares it for each request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Request, Session
from urllib3 import Retry, Timeout

from snowplow_tracker._http.direct import DirectPost

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PreparedRoute", "proxy_environment"]

_NO_RETRIES = Retry(total=False, redirect=False)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_VARIABLES = (
    *_PROXIES,
    *map(str.upper, _PROXIES),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
)
_KEYS = tuple(map(os.environ.encodekey, _VARIABLES))


def proxy_environment() -> tuple[Any, ...]:
    """Return the environment variables that requests reads: proxies, certificates, netrc.

    They are only good to be compared: in bytes on POSIX.
    """
    # Each `os.environ.get` encodes a name and catches a KeyError: all take as long as a request.
    values = getattr(os.environ, "_data", None)
    return tuple(map(os.environ.get, _VARIABLES) if values is None else map(values.get, _KEYS))


class PreparedRoute:
    """Proxy, TLS, credentials and headers for one URL, as `Session.request` would choose them.

    Args:
        session: The session whose settings apply.
        method: "POST" or "GET".
        url: The URL.
        headers: Headers of the request in addition to those of the session.
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
        self._pool = _pool_for(adapter, request, self._proxies, verify, cert)
        adapter.cert_verify(self._pool, request.url, verify, cert)
        self._adapter = adapter
        self._headers = dict(request.headers)
        self._target = adapter.request_url(request, self._proxies)
        self._direct = DirectPost(self._pool, self._target, self._headers)

    def send(
        self, *, timeout: Any, data: str | bytes | None = None, params: dict[str, Any] | None = None
    ) -> Any:
        """Send a request.

        Args:
            timeout: As for requests: seconds, a pair, None, or a `urllib3.Timeout`.
            data: The body of a POST.
            params: The query of a GET.

        Returns:
            The response of urllib3 with its body unread, or True after a 200 that was read.
        """
        body = data.encode() if isinstance(data, str) else data
        if body is not None and not isinstance(timeout, Timeout):
            response = self._direct.send(body, timeout)
            if response is not False:
                return response
        # `PreparedRequest.prepare_content_length` sets it for a POST without a body as well. To
        # replace the value keeps the order of the headers.
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

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._pool.close()

    def _target_with(self, params: dict[str, Any]) -> str:
        request = PreparedRequest()
        request.prepare_url(self._url, params)
        target: str = self._adapter.request_url(request, self._proxies)
        return target


def _pool_for(adapter: Any, request: Any, proxies: Any, verify: Any, cert: Any) -> Any:
    if hasattr(adapter, "get_connection_with_tls_context"):
        return adapter.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
    # requests before 2.32 has one pool for a host, whatever its connections were verified by.
    if getattr(adapter, "verified_by", None) != (verify, cert):
        adapter.close()
        adapter.verified_by = verify, cert
    return adapter.get_connection(request.url, proxies)


def _as_timeout(timeout: Any) -> Timeout:
    if isinstance(timeout, Timeout):
        return timeout
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return Timeout(connect=connect, read=read)
