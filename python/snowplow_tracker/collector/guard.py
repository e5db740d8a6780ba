"""Requests that are refused before they reach an endpoint.

Web pages of others, opened in the developer's browser, can send requests to this machine. They must
not read or delete the developer's events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from snowplow_tracker.collector.protocol import MAX_HEADERS, MAX_REQUEST_LINE
from snowplow_tracker.collector.settings import is_address

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["MicroGuard", "SizeLimits", "host_name"]

_LOCAL_SUFFIXES = (".localhost", ".internal")


def host_name(host: str) -> str:
    """Return the name or address in the value of a header `Host`, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


class SizeLimits:
    """Rejects request lines and headers that are too long for a Snowplow collector."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        query = scope["query_string"]
        line = f"{scope['method']}  HTTP/{scope['http_version']}\r\n"
        line_size = len(line) + len(scope["raw_path"]) + len(query) + bool(query)
        app = self._app
        if line_size > MAX_REQUEST_LINE:
            app = PlainTextResponse("request line too long", 414)
        elif sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADERS:
            app = PlainTextResponse("headers too large", 431)
        await app(scope, receive, send)


class MicroGuard:
    """Refuses calls of `/micro/` that a web page of somebody else makes.

    Such a page may reach the collector in two ways. Its own host name may resolve to this machine
    (DNS rebinding, https://en.wikipedia.org/wiki/DNS_rebinding), or its browser may send a request
    across sites, whose answer it cannot read but whose effect it has.

    Args:
        app: The application.
        hosts: Names besides local ones at which the collector may be called.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        app = self._app
        if scope["path"].startswith("/micro"):
            refusal = self._refusal(scope["path"], Headers(scope=scope))
            if refusal:
                app = PlainTextResponse(refusal, 403)
        await app(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> str | None:
        name = host_name(headers.get("host", "")).lower().rstrip(".")
        if not (name in self._hosts or _is_local(name)):
            return (
                f"{name} is not known to be this collector: call it as localhost or by its"
                f" address, or start it with --allow-host {name}"
            )
        if _is_cross_site(headers, name, resets=path == "/micro/reset"):
            return "refused: requests of pages of other sites cannot query or reset the events"
        return None


def _is_local(name: str) -> bool:
    """Whether no stranger can own a name.

    A name without a dot, such as that of a container, is nobody's in the public DNS. Nor is one
    below `localhost` (RFC 6761, section 6.3) or `internal` (reserved by ICANN for private use).
    """
    return "." not in name or name.endswith(_LOCAL_SUFFIXES) or is_address(name)


def _is_cross_site(headers: Headers, name: str, *, resets: bool) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        follows_link = headers.get("sec-fetch-mode") == "navigate" and not resets
        return site == "cross-site" and not follows_link
    # Browsers send no Sec-Fetch-Site to an address of the local network over plain http.
    source = headers.get("origin") or (headers.get("referer") if resets else None)
    if source is None:
        return False
    try:
        return urlsplit(source).hostname != name
    except ValueError:
        return True
