"""The calls that list, filter and count events, as Snowplow Micro 4 has them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from snowplow_tracker.collector.column_index import ColumnIndex
from snowplow_tracker.collector.event_filter import EventQuery, text_list, time_range
from snowplow_tracker.collector.flat import failure_entities, flat_event
from snowplow_tracker.collector.queries import answer_query, json_array, json_response
from snowplow_tracker.collector.rows import iso_time
from snowplow_tracker.collector.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from snowplow_tracker.collector.incoming import Bodies
    from snowplow_tracker.collector.journal import Journal
    from snowplow_tracker.collector.rows import Row

__all__ = ["EventCalls"]

_MAX_BUCKETS = 10_000
_MAX_DIGITS = 15


class EventCalls:
    """Answers `/micro/events`, `/micro/columns`, `/micro/columnStats` and `/micro/timeline`.

    They work on other threads than the event loop, so that events are received meanwhile.
    """

    def __init__(self, journal: Journal, bodies: Bodies) -> None:
        self._journal = journal
        self._bodies = bodies
        self._columns = ColumnIndex(journal)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/micro/events", self._events, methods=["GET", "POST"]),
            Route("/micro/events/{number}", self._event, methods=["GET"]),
            Route("/micro/columns", self._names, methods=["GET"]),
            Route("/micro/columnStats", self._stats, methods=["POST"]),
            Route("/micro/timeline", self._timeline, methods=["POST"]),
            Route("/micro/auth-config", _auth_config, methods=["GET"]),
        ]

    async def _events(self, request: Request) -> Response:
        def select(body: dict[str, Any]) -> Response:
            query = EventQuery.parse(body)
            rows = query.select(self._journal.numbered_rows())
            page = rows[(query.page - 1) * query.page_size :][: query.page_size]
            return StreamingResponse(
                _page(page, len(rows), query.page_size), media_type="application/json"
            )

        return await answer_query(request, self._bodies, select)

    async def _event(self, request: Request) -> Response:
        text = request.path_params["number"]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS else 0
        row = await run_in_threadpool(self._journal.row, number)
        if row is None:
            is_dropped = 0 < number <= self._journal.last
            return json_response({"error": "dropped" if is_dropped else "no such event"}, 404)
        return json_response(await run_in_threadpool(_detail, number, row))

    async def _names(self, _: Request) -> Response:
        return json_response(await run_in_threadpool(self._columns.names))

    async def _stats(self, request: Request) -> Response:
        def stats(body: dict[str, Any]) -> Response:
            return json_response(self._columns.stats(text_list(body.get("columns"), "columns")))

        return await answer_query(request, self._bodies, stats)

    async def _timeline(self, request: Request) -> Response:
        def count(body: dict[str, Any]) -> Response:
            return json_response({"points": _points(self._journal, body.get("buckets"))})

        return await answer_query(request, self._bodies, count)


async def _auth_config(_: Request) -> Response:
    return json_response({})


def _page(rows: list[Row], total: int, page_size: int) -> Iterator[str]:
    yield '{"events": '
    yield from json_array(map(flat_event, rows))
    pages = -(-total // page_size)
    yield f', "totalPages": {pages}, "totalItems": {total}}}'


def _points(journal: Journal, buckets: Any) -> list[dict[str, Any]]:
    if not isinstance(buckets, list) or len(buckets) > _MAX_BUCKETS:
        raise ValueError(f"buckets: expected a list of at most {_MAX_BUCKETS:,} of start and end")
    ranges = [time_range(bucket, "buckets") for bucket in buckets]
    good: list[float] = []
    bad: list[float] = []
    for _, row in journal.numbered_rows():
        (bad if row.errors else good).append(row.payload.timestamp)
    good.sort()
    bad.sort()
    return [
        {
            "validEvents": bisect_left(good, end) - bisect_left(good, start),
            "failedEvents": bisect_left(bad, end) - bisect_left(bad, start),
            "bucket": bucket,
        }
        for bucket, (start, end) in zip(buckets, ranges, strict=True)
    ]


def _detail(number: int, row: Row) -> dict[str, Any]:
    payload = row.payload
    return {
        **{key: value for key, value in summary(number, row).items() if key != "failures"},
        "app_id": (row.parameters or {}).get("aid"),
        "status": "bad" if row.errors else "good",
        "time": iso_time(payload.timestamp),
        "schema": row.schema,
        "contexts": list(row.contexts),
        "event": flat_event(row),
        "raw": row.parameters,
        "errors": list(row.errors),
        "failures": list(failure_entities(row)),
        "request": {
            "method": payload.method,
            "path": payload.path,
            "querystring": [{"name": name, "value": value} for name, value in payload.querystring],
            "headers": list(payload.headers),
            "contentType": payload.content_type,
            "body": payload.body,
            "bodySize": payload.body_size,
            "ipAddress": payload.ip_address,
            "userId": payload.user_id,
            "hostname": payload.hostname,
        },
    }
