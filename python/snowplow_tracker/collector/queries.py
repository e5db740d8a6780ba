"""The queries of Snowplow Micro for counts, good and bad events.

https://docs.snowplow.io/docs/api-reference/snowplow-micro/api/
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from snowplow_tracker.collector.bad_rows import bad_row
from snowplow_tracker.collector.decode import UndecodableError, parse_json
from snowplow_tracker.collector.incoming import SlowBodyError
from snowplow_tracker.collector.journal import bad_json, good_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.requests import Request

    from snowplow_tracker.collector.incoming import Bodies
    from snowplow_tracker.collector.journal import Journal
    from snowplow_tracker.collector.rows import Row

__all__ = ["Queries", "answer_query", "json_array", "json_response"]

_CHUNK = 262_144
_EXPECTED = {
    str: "a string",
    list: "a list of strings",
    int: f"an integer from 0 to {sys.maxsize:,}",
}


class Queries:
    """Answers `/micro/all`, `/micro/good`, `/micro/bad` and `/micro/reset`."""

    def __init__(self, journal: Journal, bodies: Bodies) -> None:
        self._journal = journal
        self._bodies = bodies

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/micro/all", self._counts, methods=["GET", "POST"]),
            Route("/micro/good", self._good, methods=["GET", "POST"]),
            Route("/micro/bad", self._bad, methods=["GET", "POST"]),
            Route("/micro/reset", self._reset, methods=["GET", "POST"]),
        ]

    async def _counts(self, _: Request) -> Response:
        return json_response(self._journal.counts())

    async def _reset(self, _: Request) -> Response:
        return json_response(self._journal.reset())

    async def _good(self, request: Request) -> Response:
        kinds = {"event_type": str, "schema": str, "contexts": list, "limit": int}
        return await self._rows(request, kinds, self._journal.good_rows, good_json)

    async def _bad(self, request: Request) -> Response:
        kinds = {"vendor": str, "version": str, "limit": int}
        return await self._rows(request, kinds, self._journal.bad_rows, _bad_json)

    async def _rows(
        self,
        request: Request,
        kinds: dict[str, type],
        select: Callable[..., list[Row]],
        to_json: Callable[[Row], dict[str, Any]],
    ) -> Response:
        def answer(body: dict[str, Any]) -> Response:
            items = map(to_json, select(**_filters(body, kinds)))
            return StreamingResponse(json_array(items), media_type="application/json")

        return await answer_query(request, self._bodies, answer)


def _bad_json(row: Row) -> dict[str, Any]:
    # Snowplow Micro has the bad row as text at the end of the errors.
    entry = bad_json(row)
    entry["errors"].append(json.dumps(bad_row(row), separators=(",", ":")))
    return entry


async def answer_query(
    request: Request, bodies: Bodies, answer: Callable[[dict[str, Any]], Response]
) -> Response:
    """Return the response of a function to the body of a query, or one that says what is wrong.

    Args:
        request: The request.
        bodies: Reads its body.
        answer: Runs on a thread of its own. A ValueError that it raises is answered 400.
    """
    try:
        body = await bodies.read(request) if request.method == "POST" else b""
        return await run_in_threadpool(lambda: answer(_json_object(body)))
    except ClientDisconnect:
        return Response(status_code=400)
    except SlowBodyError:
        return PlainTextResponse("body sent too slowly", 408, {"Connection": "close"})
    except ValueError as error:
        return PlainTextResponse(str(error), 400)


def _json_object(body: bytes | None) -> dict[str, Any]:
    """Return the JSON object in the body of a query; an empty one if there is no body.

    Raises:
        ValueError: The body is something else.
    """
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
    return given


def _filters(given: dict[str, Any], kinds: dict[str, type]) -> dict[str, Any]:
    """Return the filters of a query, without those that are null or unknown.

    Raises:
        ValueError: A filter has the wrong type.
    """
    filters: dict[str, Any] = {name: given[name] for name in kinds if given.get(name) is not None}
    for name, value in filters.items():
        if not _fits(value, kinds[name]):
            raise ValueError(f"{name}: expected {_EXPECTED[kinds[name]]}")
    return filters


def _fits(value: Any, kind: type) -> bool:
    if kind is int:
        return type(value) is int and 0 <= value <= sys.maxsize
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind)


def json_response(value: object, status: int = 200) -> Response:
    """Return a response with a value as JSON."""
    return Response(json.dumps(value), status, media_type="application/json")


def json_array(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the text of a JSON array in chunks: the text of a full journal is large."""
    parts: list[str] = ["["]
    size = 0
    separator = ""
    for item in items:
        text = json.dumps(item)
        parts += (separator, text)
        size += len(text)
        separator = ","
        if size > _CHUNK:
            yield "".join(parts)
            parts.clear()
            size = 0
    yield "".join((*parts, "]"))
