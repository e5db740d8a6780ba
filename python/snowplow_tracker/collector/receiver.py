"""The endpoints that receive events, as a Snowplow collector has them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from snowplow_tracker._canonical_event import VENDOR
from snowplow_tracker.collector.checks import judge_get, judge_post
from snowplow_tracker.collector.incoming import (
    Bodies,
    SlowBodyError,
    add_cookie,
    add_cors,
    collector_payload,
)
from snowplow_tracker.collector.protocol import MAX_BODY
from snowplow_tracker.collector.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from snowplow_tracker.collector.journal import Journal
    from snowplow_tracker.collector.rows import CollectorPayload
    from snowplow_tracker.collector.settings import Settings

__all__ = ["Preflight", "Receiver"]

_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_PIXEL_HEADERS = {"Cache-Control": "no-cache, no-store, must-revalidate"}
_LARGE = 16_384
_SLICE = 100
_REDIRECTS = ("r", "tp2")
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Content-Type, SP-Anonymous",
    "Access-Control-Max-Age": "3600",
}


_Judged = TypeVar("_Judged")


class Receiver:
    """Judges the events of each request, and stores them.

    Args:
        journal: Stores the events.
        report: Called with a text of one or more lines about the events of each request.
        settings: Of the collector.
        bodies: Reads the bodies of requests.
    """

    def __init__(
        self,
        journal: Journal,
        report: Callable[[str], None] | None,
        settings: Settings,
        bodies: Bodies,
    ) -> None:
        self._journal = journal
        self._report = report
        self._settings = settings
        self._bodies = bodies
        self._has_reported_drops = False

    def routes(self) -> list[Route]:
        """Return the routes. They match paths of any two segments, so others must precede them."""
        return [
            Route("/i", self._pixel, methods=["GET"]),
            Route("/ice.png", self._pixel, methods=["GET"]),
            Route("/{vendor}/{version}", self._event, methods=["GET", "POST"]),
        ]

    async def _pixel(self, request: Request) -> Response:
        return await self._receive_get(request, VENDOR, "tp1")

    async def _event(self, request: Request) -> Response:
        path = request.url.path
        vendor, version = self._settings.paths.get(path, path)[1:].split("/")
        if (vendor, version) == _REDIRECTS:
            return add_cors(PlainTextResponse("redirects are disabled", 404), request)
        if request.method != "POST":
            return await self._receive_get(request, vendor, version)
        return add_cors(await self._receive_post(request, vendor, version), request)

    async def _receive_post(self, request: Request, vendor: str, version: str) -> Response:
        try:
            body = await self._bodies.read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except SlowBodyError:
            return PlainTextResponse("body sent too slowly", 408, {"Connection": "close"})
        if body is None:
            reason = f"POST with a body of more than {MAX_BODY:,} bytes"
            self._send_report([self._settings.format.note("rejected", reason)])
            return PlainTextResponse("body too large", 413)
        payload = self._payload(request, vendor, version, body)
        if (vendor, version) == (VENDOR, "tp2"):
            rows = judge_post(payload, body, self._settings.schemas)
            judged = await self._judged(lambda: list(rows), len(body))
            await self._store_in_slices(judged)
        else:
            self._store([_without_adapter(payload)])
        return self._with_cookie(PlainTextResponse("ok"), request, payload)

    async def _store_in_slices(self, rows: list[Row]) -> None:
        """Store the rows of a large body so that other requests are handled meanwhile."""
        for start in range(0, len(rows), _SLICE):
            self._store(rows[start : start + _SLICE])
            if start + _SLICE < len(rows):
                await asyncio.sleep(0)

    async def _receive_get(self, request: Request, vendor: str, version: str) -> Response:
        payload = self._payload(request, vendor, version, None)
        if vendor == VENDOR and version in {"tp1", "tp2"}:
            query = request.scope["query_string"]
            judge = partial(judge_get, payload, query, self._settings.schemas)
            self._store([await self._judged(judge)])
        else:
            self._store([_without_adapter(payload)])
        pixel = Response(_PIXEL, headers=_PIXEL_HEADERS, media_type="image/gif")
        return add_cors(self._with_cookie(pixel, request, payload), request)

    async def _judged(self, judge: Callable[[], _Judged], size: int = 0) -> _Judged:
        """Return what `judge` returns. Run it on a thread if it would delay other requests."""
        schemas = self._settings.schemas
        waits = schemas is not None and not schemas.is_local
        if waits or size > _LARGE:
            return await run_in_threadpool(judge)
        return judge()

    def _payload(
        self, request: Request, vendor: str, version: str, body: bytes | None
    ) -> CollectorPayload:
        forwarded = self._settings.forwarded
        return collector_payload(request, vendor, version, body, forwarded=forwarded)

    def _with_cookie(
        self, response: Response, request: Request, payload: CollectorPayload
    ) -> Response:
        return add_cookie(response, request, payload, forwarded=self._settings.forwarded)

    def _store(self, rows: Iterable[Row]) -> None:
        lines: list[str] = []
        for row in rows:
            repeated = self._journal.add(row)
            if self._report:
                lines.append(self._settings.format.event(row, repeated))
        if self._journal.dropped and not self._has_reported_drops:
            self._has_reported_drops = True
            full = "journal full: the oldest events are dropped, but remain counted"
            lines.append(self._settings.format.note("note", full))
        self._send_report(lines)

    def _send_report(self, lines: list[str]) -> None:
        if self._report and lines:
            self._report("\n".join(lines))


def _without_adapter(payload: CollectorPayload) -> Row:
    path = f"{payload.vendor}/{payload.version}"
    expected = f"expected {VENDOR}/tp2, or an alias of it"
    return Row(payload, errors=(f"path: no adapter for {path}, {expected}",))


class Preflight:
    """Answers OPTIONS of every path except `/micro/`: browsers ask before they post JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        app = self._app
        if scope["method"] == "OPTIONS" and not scope["path"].startswith("/micro/"):
            app = add_cors(Response(headers=_PREFLIGHT), Request(scope))
        await app(scope, receive, send)
