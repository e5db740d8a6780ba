"""The application: every endpoint of the collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from snowplow_tracker.collector.event_calls import EventCalls
from snowplow_tracker.collector.guard import MicroGuard, SizeLimits
from snowplow_tracker.collector.incoming import Bodies
from snowplow_tracker.collector.queries import Queries
from snowplow_tracker.collector.receiver import Preflight, Receiver
from snowplow_tracker.collector.schema_calls import SchemaCalls
from snowplow_tracker.collector.settings import EVENTS_PATH, Settings
from snowplow_tracker.collector.stream import Streams
from snowplow_tracker.collector.ui.routes import ui_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from snowplow_tracker.collector.journal import Journal

__all__ = ["application"]

_DEFAULTS = Settings()


def application(
    journal: Journal,
    report: Callable[[str], None] | None = None,
    settings: Settings = _DEFAULTS,
) -> Starlette:
    """Return the ASGI application of a collector.

    `close_streams` of its state ends the streams, which would otherwise delay the server's stop.

    Args:
        journal: Stores the events, and answers the queries.
        report: Called with a text of one or more lines about the events of each request.
        settings: Paths, hosts and headers.
    """
    bodies = Bodies()
    streams = Streams(journal)
    calls = [
        *Queries(journal, bodies).routes(),
        *EventCalls(journal, bodies).routes(),
        *(streams.routes() if settings.has_page else ()),
        Route("/health", _health, methods=["GET"]),
        Route("/robots.txt", _robots, methods=["GET"]),
    ]
    if settings.schemas is not None:
        calls += SchemaCalls(settings.schemas).routes()
    not_found = _NotFound(calls)
    app = Starlette(
        routes=[
            *calls,
            *(ui_routes(journal) if settings.has_page else ()),
            Route("/micro/{call:path}", not_found.respond, methods=["GET", "POST"]),
            *Receiver(journal, report, settings, bodies).routes(),
        ],
        middleware=[
            Middleware(SizeLimits),
            Middleware(MicroGuard, hosts=settings.hosts),
            Middleware(Preflight),
        ],
        exception_handlers={404: not_found.handle},
    )
    app.router.redirect_slashes = False
    app.state.close_streams = streams.close
    return app


async def _health(_: Request) -> Response:
    return PlainTextResponse("OK")


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


class _NotFound:
    """Lists the calls that exist in answers to those that do not."""

    def __init__(self, routes: Sequence[Route]) -> None:
        lines = [f"POST {EVENTS_PATH}", "GET /i"]
        lines += [
            f"{' or '.join(sorted((route.methods or set()) - {'HEAD'}))} {route.path}"
            for route in routes
        ]
        self._text = "\n  ".join(("the collector has no such path; it has:", *lines)) + "\n"

    async def respond(self, _: Request) -> Response:
        return PlainTextResponse(self._text, 404)

    async def handle(self, request: Request, _: Exception) -> Response:
        return await self.respond(request)
