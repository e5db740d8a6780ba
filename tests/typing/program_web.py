"""Scopes and middlewares as programs use them, for the type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from flask import Flask, Request
from starlette.applications import Starlette

from snowplow_tracker import SelfDescribingJson, Subject, Tracker
from snowplow_tracker.web import cookie_hash, current_scope, parse_sp_cookies, request_scope
from snowplow_tracker.web.asgi import SnowplowMiddleware
from snowplow_tracker.web.flask import SnowplowFlask
from snowplow_tracker.web.wsgi import SnowplowMiddleware as WSGIMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, MutableMapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ENTITY = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {})


def by_blocks() -> None:
    with request_scope(Subject().set_user_id("ann"), [ENTITY]) as scope:
        scope.add_entity(ENTITY).tags["tenant"] = "a"
        fields: dict[str, Any] = scope.merged_fields()
        assert fields["uid"] == "ann"
        current = current_scope()
        assert current is not None
        assert current.page is None


async def by_asynchronous_blocks() -> str | None:
    async with request_scope(fresh=True) as scope:
        return None if scope.page is None else scope.page.url


@request_scope()
def by_decorator(name: str, *, count: int = 1) -> list[str]:
    return [name] * count


@request_scope(entities=[ENTITY])
async def by_asynchronous_decorator(name: str) -> str:
    return name


@request_scope()
def by_generator(count: int) -> Iterator[int]:
    yield from range(count)


@request_scope()
async def by_asynchronous_generator(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


async def results_have_their_types() -> None:
    names: list[str] = by_decorator("ann", count=2)
    name: str = await by_asynchronous_decorator(names[0])
    numbers: list[int] = [*by_generator(2), len(name)]
    numbers += [number async for number in by_asynchronous_generator(2)]


def by_cookies() -> None:
    ids = parse_sp_cookies({"a": "b"}, domain_hash=cookie_hash("example.com"))
    if ids is not None:
        session: SelfDescribingJson | None = ids.client_session()
        visits: int | None = ids.visit_count
        ids.apply(Subject())
        assert (session, visits) == (None, None)


def user_of(request: Request) -> str | None:
    return request.args.get("user")


def entities_of(request: Request) -> Iterable[SelfDescribingJson]:
    return [ENTITY] if request.is_secure else []


def by_flask(tracker: Tracker) -> None:
    app = Flask(__name__)
    SnowplowFlask(app, tracker, page_views=True, user_id=user_of, entities=entities_of)
    SnowplowFlask(user_id=lambda request: request.authorization).init_app(Flask(__name__))


async def user_of_connection(connection: MutableMapping[str, Any]) -> str | None:
    return str(connection["path"])


async def entities_of_connection(_: MutableMapping[str, Any]) -> list[SelfDescribingJson]:
    return [ENTITY]


def by_asgi(tracker: Tracker) -> None:
    app = FastAPI()
    app.add_middleware(
        SnowplowMiddleware,
        tracker=tracker,
        user_id=user_of_connection,
        entities=entities_of_connection,
        request_filter=lambda connection: connection["path"] != "/metrics",
    )
    SnowplowMiddleware(Starlette(), tracker, trust_forwarded=1)
    SnowplowMiddleware(app)


def by_wsgi(tracker: Tracker) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(len(environ)))])
        return [b""]

    wrapped = WSGIMiddleware(app, tracker, user_id=lambda environ: environ.get("REMOTE_USER"))
    assert callable(WSGIMiddleware(wrapped))
    assert callable(WSGIMiddleware(Flask(__name__).wsgi_app))
