"""The files of the page, and the calls that only it makes."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from snowplow_tracker.collector.ui.export import FORMATS, export
from snowplow_tracker.collector.ui.rows import list_rows, matching
from snowplow_tracker.collector.ui.search import SearchError
from snowplow_tracker.collector.ui.snippets import SNIPPETS
from snowplow_tracker.collector.ui.view import RowView

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from snowplow_tracker.collector.journal import Journal

__all__ = ["ui_routes"]

_FOLDER = Path(__file__).with_name("static")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"),
    *("img-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    *("require-trusted-types-for 'script'", "trusted-types 'none'"),
)
_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_DATA_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MAX_LIMIT = 500
_MAX_DIGITS = 18


def ui_routes(journal: Journal) -> list[Route]:
    """Return the routes of the page for the events of a journal."""
    calls = _Calls(journal)
    return [
        Route("/", _home),
        Route("/micro/ui", _file(_FOLDER / "index.html")),
        *(
            Route(f"/micro/ui/{path.name}", _file(path))
            for path in sorted(_FOLDER.iterdir())
            if path.suffix in _TYPES and path.suffix != ".html"
        ),
        Route("/micro/ui/rows", calls.rows),
        Route("/micro/ui/rows/{number:int}/as/{kind}", calls.snippet),
        Route("/micro/ui/export", calls.export),
    ]


async def _home(request: Request) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("micro/ui")
    raise HTTPException(404)


def _file(path: Path) -> Callable[[Request], Any]:
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {**_HEADERS, "ETag": tag}

    async def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=_TYPES[path.suffix], headers=headers)

    return answer


class _Calls:
    """The calls of the page. They search on a thread, so that events are received meanwhile."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def rows(self, request: Request) -> Response:
        query = request.query_params
        try:
            before = _integer(query.get("before"), "before") if "before" in query else None
            limit = _integer(query.get("limit", "200"), "limit")
            after = _integer(query.get("after", "0"), "after")
        except ValueError as error:
            return _json({"error": str(error)}, 400)

        def search() -> dict[str, Any]:
            return list_rows(
                self._journal,
                query.get("q", ""),
                after=after,
                before=before,
                limit=min(limit, _MAX_LIMIT),
                fields=query.getlist("field"),
            )

        try:
            return _json(await run_in_threadpool(search))
        except SearchError as error:
            return _wrong_search(error)

    async def snippet(self, request: Request) -> Response:
        row = self._journal.row(request.path_params["number"])
        write = SNIPPETS.get(request.path_params["kind"])
        if row is None or write is None:
            raise HTTPException(404)
        view = RowView(request.path_params["number"], row)
        text = write(view, str(request.base_url).rstrip("/"))
        return Response(
            text.encode(errors="surrogatepass"),
            headers=_DATA_HEADERS,
            media_type="text/plain; charset=utf-8",
        )

    async def export(self, request: Request) -> Response:
        query = request.query_params
        kind = query.get("format", "ndjson")
        if kind not in FORMATS:
            return _json({"error": f"format: expected one of {', '.join(FORMATS)}"}, 400)
        try:
            views = matching(self._journal, query.get("q", ""))
        except SearchError as error:
            return _wrong_search(error)
        name = time.strftime(f"events-%Y%m%d-%H%M%S.{kind}", time.gmtime())
        headers = {**_DATA_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        chunks = export(kind, views, query.getlist("field"))
        return StreamingResponse(chunks, media_type=FORMATS[kind], headers=headers)


def _integer(text: str | None, name: str) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
        raise ValueError(f"{name}: expected an integer from 0")
    return int(text)


def _wrong_search(error: SearchError) -> Response:
    return _json({"error": str(error), "start": error.start, "end": error.end}, 400)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, _DATA_HEADERS, "application/json")
