"""Read a request with events: its body, what is kept of it, and the headers of its answer."""

from __future__ import annotations

import asyncio
import time
import uuid
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

import anyio

from snowplow_tracker._canonical_event import UUID
from snowplow_tracker.collector.decode import query_pairs
from snowplow_tracker.collector.guard import host_name
from snowplow_tracker.collector.protocol import MAX_BODY
from snowplow_tracker.collector.rows import CollectorPayload

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Bodies", "SlowBodyError", "add_cookie", "add_cors", "collector_payload"]

ANONYMOUS_USER_ID = "00000000-0000-0000-0000-000000000000"
_COOKIE = "sp"
_COOKIE_SECONDS = 365 * 24 * 3600
_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
_PERSONAL_HEADERS = frozenset(("x-forwarded-for", "x-real-ip", "cookie"))
_MAX_BODY_SHOWN = 16_384
_MAX_BYTES_DRAINED = 64 * 2**20
_SMALL_BODY = 65_536
LARGE_BODIES = 32
"""Maximum number of large bodies that are read at the same time."""
BODY_SECONDS = 30.0
"""Maximum time for a client to send a body."""


class SlowBodyError(Exception):
    """A client did not send a whole body in time."""


class Bodies:
    """Reads the bodies of requests to one server, in bounded memory and time.

    A body takes memory while its client sends it. Most are small. Larger ones wait for one of a few
    places, and meanwhile the flow control of TCP makes their clients wait.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LARGE_BODIES)

    async def read(self, request: Request) -> bytes | None:
        """Return the body, or None if it is too large.

        A body that is too large is read nevertheless: many clients read the response only after
        they have sent the whole request.

        Raises:
            SlowBodyError: It takes too long.
        """
        body: bytes | None = None
        with anyio.move_on_after(BODY_SECONDS) as limit:
            body = await self._read(request)
        if limit.cancelled_caught:
            raise SlowBodyError
        return body

    async def _read(self, request: Request) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        stream = request.stream()
        async for chunk in stream:
            size += len(chunk)
            chunks.append(chunk)
            if size > _SMALL_BODY:
                break
        else:
            return b"".join(chunks)
        async with self._places:
            async for chunk in stream:
                size += len(chunk)
                if size <= MAX_BODY:
                    chunks.append(chunk)
                elif size > _MAX_BYTES_DRAINED:
                    break
            return b"".join(chunks) if size <= MAX_BODY else None


def collector_payload(
    request: Request, vendor: str, version: str, body: bytes | None, *, forwarded: bool
) -> CollectorPayload:
    """Return what is kept of a request.

    Args:
        request: The request.
        vendor: First segment of its path, after aliases.
        version: Second segment.
        body: The body of a POST.
        forwarded: Whether the client's address is that of `X-Forwarded-For`.
    """
    headers = request.headers
    query = tuple(query_pairs(request.scope["query_string"]))
    anonymous = _is_anonymous(request)
    hidden = _PERSONAL_HEADERS if anonymous else frozenset()
    return CollectorPayload(
        version=version,
        querystring=query,
        content_type=headers.get("content-type"),
        body=None if body is None else body[:_MAX_BODY_SHOWN].decode(errors="replace"),
        timestamp=time.time_ns() // 1_000_000,
        hostname=host_name(headers.get("host", "")),
        ip_address="unknown" if anonymous else _client_address(request, forwarded=forwarded),
        useragent=headers.get("user-agent"),
        referer=headers.get("referer"),
        headers=tuple(
            f"{name.title()}: {value}" for name, value in headers.items() if name not in hidden
        ),
        user_id=ANONYMOUS_USER_ID if anonymous else _network_user_id(request, dict(query)),
        vendor=vendor,
        method=request.method,
        path=_target(request),
        body_size=len(body or b""),
    )


def _is_anonymous(request: Request) -> bool:
    return "sp-anonymous" in request.headers


def _client_address(request: Request, *, forwarded: bool) -> str:
    first = request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
    if forwarded and first:
        try:
            return str(ip_address(first))
        except ValueError:
            pass
    return request.client.host if request.client else ""


def _network_user_id(request: Request, query: dict[str, str]) -> str:
    for known in (query.get("nuid", ""), request.cookies.get(_COOKIE, "")):
        if UUID.fullmatch(known):
            return known
    return str(uuid.uuid4())


def _target(request: Request) -> str:
    query = request.scope["query_string"]
    target: bytes = request.scope["raw_path"] + (b"?" + query if query else b"")
    return target.decode("latin-1")


def add_cors(response: Response, request: Request) -> Response:
    """Let a page of any origin send events and read the answer, as Snowplow's collector does."""
    response.headers["Access-Control-Allow-Origin"] = request.headers.get("origin", "*")
    response.headers["Access-Control-Allow-Credentials"] = "true"
    return response


def add_cookie(
    response: Response, request: Request, payload: CollectorPayload, *, forwarded: bool
) -> Response:
    """Set the cookie with the network user id, or delete it for an anonymous request.

    Browsers drop a cookie with `SameSite=None` that is not `Secure`, and a `Secure` one of plain
    http. So the collector's own attributes are for https only.
    """
    scheme = request.headers.get("x-forwarded-proto", "") if forwarded else ""
    secure = (scheme or request.url.scheme).lower() == "https"
    same_site: Literal["none", "lax"] = "none" if secure else "lax"
    if not _is_anonymous(request):
        response.set_cookie(
            *(_COOKIE, payload.user_id, _COOKIE_SECONDS),
            secure=secure,
            httponly=True,
            samesite=same_site,
        )
    elif _COOKIE in request.cookies:
        response.set_cookie(
            *(_COOKIE, "", 0, _LONG_AGO), secure=secure, httponly=True, samesite=same_site
        )
    return response
