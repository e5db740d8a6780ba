"""The endpoints of the collector, and the REST calls of Snowplow Micro.

https://docs.snowplow.io/docs/api-reference/snowplow-micro/api/
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from snowplow_tracker.collector.checks import judge_get, judge_post
from snowplow_tracker.collector.console import event_line
from snowplow_tracker.collector.decode import UndecodableError, parse_json, query_pairs
from snowplow_tracker.collector.journal import Journal, bad_json, good_json
from snowplow_tracker.collector.protocol import (
    MAX_BODY,
    MAX_HEADERS,
    MAX_REQUEST_LINE,
    UUID,
    VENDOR,
)
from snowplow_tracker.collector.rows import CollectorPayload, Row

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["application"]

Report = Callable[[str], None]

_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_COOKIE_SECONDS = 365 * 24 * 3600
_MAX_BODY_SHOWN = 16_384
_MAX_BYTES_DRAINED = 64 * 2**20
_ROWS_PER_CHUNK = 100
_EXPECTED = {str: "a string", list: "a list of strings", int: "an integer from 0"}


def application(journal: Journal, report: Report | None = None) -> Starlette:
    """Return the ASGI application of a collector.

    Args:
        journal: Stores the events, and answers the queries.
        report: Called with a text of one or more lines about the events of each request.
    """
    collector = _Collector(journal, report)
    queries = _Queries(journal)
    app = Starlette(
        routes=[
            Route(f"/{VENDOR}/tp2", collector.post, methods=["POST"]),
            Route("/i", collector.get, methods=["GET"]),
            Route("/health", _health, methods=["GET"]),
            Route("/micro/all", queries.counts, methods=["GET", "POST"]),
            Route("/micro/good", queries.good, methods=["GET", "POST"]),
            Route("/micro/bad", queries.bad, methods=["GET", "POST"]),
            Route("/micro/reset", queries.reset, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(_SizeLimits)],
    )
    app.router.redirect_slashes = False
    return app


class _SizeLimits:
    """Rejects request lines and headers that are too long for a Snowplow collector."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"]
        line = f"{scope['method']}  HTTP/{scope['http_version']}\r\n"
        line_size = len(line) + len(scope["raw_path"]) + len(query) + bool(query)
        app = self._app
        if line_size > MAX_REQUEST_LINE:
            app = PlainTextResponse("request line too long", 414)
        elif sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADERS:
            app = PlainTextResponse("headers too large", 431)
        await app(scope, receive, send)


async def _body(request: Request) -> bytes | None:
    """Return the body, or None if it is too large.

    A body that is too large is read nevertheless: many clients read the response only after they
    have sent the whole request.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY:
            chunks.append(chunk)
        elif size > _MAX_BYTES_DRAINED:
            break
    return b"".join(chunks) if size <= MAX_BODY else None


class _Collector:
    def __init__(self, journal: Journal, report: Report | None) -> None:
        self._journal = journal
        self._report = report
        self._has_reported_drops = False

    async def post(self, request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            self._send_report([f"rejected  POST with a body of more than {MAX_BODY:,} bytes"])
            return PlainTextResponse("body too large", 413)
        payload = _payload(request, "tp2", body)
        self._receive(judge_post(payload, body))
        return _with_cookie(PlainTextResponse("ok"), payload)

    async def get(self, request: Request) -> Response:
        payload = _payload(request, "tp1", None)
        self._receive([judge_get(payload, request.scope["query_string"])])
        return _with_cookie(Response(_PIXEL, media_type="image/gif"), payload)

    def _receive(self, rows: Iterable[Row]) -> None:
        lines: list[str] = []
        for row in rows:
            repeated = self._journal.add(row)
            if self._report:
                lines.append(event_line(row, repeated))
        if self._journal.dropped and not self._has_reported_drops:
            self._has_reported_drops = True
            lines.append("note  journal full: the oldest events are dropped, but remain counted")
        self._send_report(lines)

    def _send_report(self, lines: list[str]) -> None:
        if self._report and lines:
            self._report("\n".join(lines))


def _payload(request: Request, version: str, body: bytes | None) -> CollectorPayload:
    headers = request.headers
    query = tuple(query_pairs(request.scope["query_string"]))
    text = None if body is None else body[:_MAX_BODY_SHOWN].decode(errors="replace")
    return CollectorPayload(
        version=version,
        querystring=query,
        content_type=headers.get("content-type"),
        body=text,
        timestamp=time.time_ns() // 1_000_000,
        hostname=headers.get("host", "").rpartition(":")[0] or headers.get("host", ""),
        ip_address=request.client.host if request.client else "",
        useragent=headers.get("user-agent"),
        referer=headers.get("referer"),
        headers=tuple(f"{name.title()}: {value}" for name, value in headers.items()),
        user_id=_network_user_id(request, dict(query)),
    )


def _network_user_id(request: Request, query: dict[str, str]) -> str:
    for known in (query.get("nuid", ""), request.cookies.get("sp", "")):
        if UUID.fullmatch(known):
            return known
    return str(uuid.uuid4())


def _with_cookie(response: Response, payload: CollectorPayload) -> Response:
    response.set_cookie("sp", payload.user_id, max_age=_COOKIE_SECONDS)
    return response


async def _health(_: Request) -> Response:
    return PlainTextResponse("OK")


class _Queries:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def counts(self, _: Request) -> Response:
        return _json(self._journal.counts())

    async def reset(self, _: Request) -> Response:
        return _json(self._journal.reset())

    async def good(self, request: Request) -> Response:
        kinds = {"event_type": str, "schema": str, "contexts": list, "limit": int}
        return await _rows(request, kinds, self._journal.good_rows, good_json)

    async def bad(self, request: Request) -> Response:
        kinds = {"vendor": str, "version": str, "limit": int}
        return await _rows(request, kinds, self._journal.bad_rows, bad_json)


async def _rows(
    request: Request,
    kinds: dict[str, type],
    select: Callable[..., list[Row]],
    to_json: Callable[[Row], dict[str, Any]],
) -> Response:
    try:
        filters = await _filters(request, kinds)
    except ClientDisconnect:
        return Response(status_code=400)
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    return StreamingResponse(
        _json_array(map(to_json, select(**filters))), media_type="application/json"
    )


async def _filters(request: Request, kinds: dict[str, type]) -> dict[str, Any]:
    """Return the filters of a query, without those that are null or unknown.

    Raises:
        ValueError: The body is not a JSON object, or a filter has the wrong type.
    """
    body = await _body(request) if request.method == "POST" else b""
    if body is None:
        raise ValueError("filters: too large")
    if not body.strip():
        return {}
    try:
        given = parse_json(body.decode())
    except (UndecodableError, UnicodeDecodeError) as error:
        raise ValueError(f"filters: {error}") from None
    if not isinstance(given, dict):
        raise ValueError('filters: not a JSON object, such as {"limit": 10}')  # noqa: TRY004
    filters: dict[str, Any] = {name: given[name] for name in kinds if given.get(name) is not None}
    for name, value in filters.items():
        if not _fits(value, kinds[name]):
            raise ValueError(f"{name}: expected {_EXPECTED[kinds[name]]}")
    return filters


def _fits(value: Any, kind: type) -> bool:
    if kind is int:
        return type(value) is int and value >= 0
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind)


def _json(value: object) -> Response:
    return Response(json.dumps(value), media_type="application/json")


def _json_array(items: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield the text of a JSON array in chunks: the text of a full journal is large."""
    yield "["
    separator = ""
    while chunk := [json.dumps(item) for item in islice(items, _ROWS_PER_CHUNK)]:
        yield separator + ",".join(chunk)
        separator = ","
    yield "]"
