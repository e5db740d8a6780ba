"""The calls that show schemas: `/micro/iglu`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from snowplow_tracker.collector.queries import json_response
from snowplow_tracker.iglu import ResolutionError, SchemaKey

if TYPE_CHECKING:
    from starlette.requests import Request

    from snowplow_tracker.collector.schemas import EventSchemas

__all__ = ["SchemaCalls"]


class SchemaCalls:
    """Answers `/micro/iglu` and the paths of schemas below it, as Snowplow Micro does."""

    def __init__(self, schemas: EventSchemas) -> None:
        self._schemas = schemas

    def routes(self) -> list[Route]:
        """Return the routes."""
        path = "/micro/iglu/{vendor}/{name}/{format}/{version}"
        return [
            Route("/micro/iglu", self._list, methods=["GET"]),
            Route(path, self._show, methods=["GET"]),
        ]

    async def _list(self, _: Request) -> Response:
        return json_response(await run_in_threadpool(self._schemas.to_json))

    async def _show(self, request: Request) -> Response:
        path = "/".join(request.path_params.values())
        try:
            key = SchemaKey.from_path(path)
        except ValueError as error:
            return PlainTextResponse(str(error), 404)
        try:
            schema = await run_in_threadpool(self._schemas.resolver.lookup, key)
        except ResolutionError as error:
            return json_response({"value": _by_registry(error)}, 404)
        return json_response(schema)


def _by_registry(error: ResolutionError) -> dict[str, object]:
    return {
        str(entry["repository"]): {
            name: value for name, value in entry.items() if name != "repository"
        }
        for entry in error.history
    }
