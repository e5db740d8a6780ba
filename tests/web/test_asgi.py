"""The ASGI middleware with Starlette and FastAPI."""

# ruff: noqa: ARG001 - applications have the parameters of ASGI

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from tests.web.conftest import BROWSER, USER

from snowplow_tracker import SelfDescribingJson
from snowplow_tracker.web import current_scope, request_scope
from snowplow_tracker.web.asgi import SnowplowMiddleware


def user_of(connection: Any) -> str:
    return str(connection["query_string"].decode())


async def run(app: Any, query: str = "", path: str = "/", **more: Any) -> list[dict[str, Any]]:
    """Call an application as a server does. Returns the messages that it sends."""
    sent: list[dict[str, Any]] = []
    connection: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "headers": [(n.lower().encode(), value.encode()) for n, value in BROWSER.items()],
        "client": ("10.0.0.1", 4711),
        "server": ("localhost", 8000),
    }

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        sent.append(dict(message))

    await app({**connection, **more}, receive, send)
    return sent


def starlette(*routes: Any, **options: Any) -> SnowplowMiddleware:
    return SnowplowMiddleware(Starlette(routes=[*routes]), user_id=user_of, **options)


def test_the_scope_has_the_user_and_the_page(seen):
    async def view(_):
        seen.note()
        scope = current_scope()
        assert scope is not None
        assert scope.page is not None
        return PlainTextResponse(scope.page.url)

    app = SnowplowMiddleware(Starlette(routes=[Route("/ä", view)]))
    sent = asyncio.run(run(app, "a=1", "/ä", raw_path=b"/%C3%A4"))
    assert sent[1]["body"] == b"http://localhost:8000/%C3%A4?a=1"
    [(_, fields)] = seen.notes
    assert (fields["ip"], fields["ua"], fields["duid"]) == ("10.0.0.1", "Mozilla/5.0", USER)
    [sent] = [asyncio.run(run(app, "", "/ä", server=None, client=None))]
    assert sent[1]["body"] == b"http://localhost/%C3%A4"
    assert "ip" not in seen.notes[1][1]


def test_repeated_headers_are_joined(seen):
    async def view(_):
        seen.note()
        return PlainTextResponse("ok")

    app = SnowplowMiddleware(Starlette(routes=[Route("/", view)]), trust_forwarded=2)
    headers = [(b"x-forwarded-for", b"203.0.113.7"), (b"X-Forwarded-For", b"10.0.0.9")]
    cookies = [(b"cookie", b"a=1"), (b"cookie", f"sp={USER}".encode())]
    asyncio.run(run(app, headers=[*headers, *cookies]))
    assert seen.notes == [("", {"ip": "203.0.113.7", "tnuid": USER})]


def test_a_streaming_response_and_its_background_task_are_in_the_scope(seen):
    async def stream(name):
        try:
            for _ in range(2):
                await asyncio.sleep(0)
                seen.note("part")
                yield b"x"
        finally:
            seen.note("end")

    def blocking(name):
        for _ in range(2):
            seen.note("thread")
            yield b"x"

    async def view(request):
        is_async = request.url.path == "/async"
        background = BackgroundTask(seen.note, "background")
        body: Any = stream if is_async else blocking
        return StreamingResponse(body(request.url.query), background=background)

    app = starlette(Route("/async", view), Route("/thread", view))

    async def main() -> None:
        await asyncio.gather(run(app, "ann", "/async"), run(app, "bob", "/thread"))

    asyncio.run(main())
    ann = [label for label, user in seen.user_ids() if user == "ann"]
    bob = [label for label, user in seen.user_ids() if user == "bob"]
    assert ann == ["part", "part", "end", "background"]
    assert bob == ["thread", "thread", "background"]


def test_background_tasks_of_fastapi_and_of_a_base_http_middleware(seen):
    app = FastAPI()

    @app.get("/")
    async def index(tasks: BackgroundTasks) -> str:
        tasks.add_task(seen.note, "background")
        seen.note("view")
        return "ok"

    @app.get("/sync")
    def sync(tasks: BackgroundTasks) -> str:
        tasks.add_task(seen.note, "background")
        seen.note("view")
        return "ok"

    async def dispatch(request, call_next):
        seen.note("middleware")
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    app.add_middleware(SnowplowMiddleware, user_id=user_of)

    async def main() -> None:
        for number in range(20):
            await asyncio.gather(
                *(run(app, f"{number}-{path}", path) for path in ("/", "/sync", "/", "/sync"))
            )

    asyncio.run(main())
    assert len(seen.notes) == 20 * 4 * 3
    expected = {f"{number}-{path}" for number in range(20) for path in ("/", "/sync")}
    assert {user for _, user in seen.user_ids()} == expected
    assert current_scope() is None


def test_a_websocket_is_in_one_scope_and_the_lifespan_in_none(seen):
    async def socket(websocket):
        await websocket.accept()
        while await websocket.receive_text() != "bye":
            seen.note("message")
            await websocket.send_text("ok")
        await websocket.close()

    async def lifespan(scope, receive, send):
        if scope["type"] == "lifespan":
            seen.note("lifespan")
        await inner(scope, receive, send)

    inner = Starlette(routes=[WebSocketRoute("/", socket)])
    with (
        TestClient(SnowplowMiddleware(lifespan, user_id=user_of)) as client,
        client.websocket_connect("/?ann") as session,
    ):
        for text in ("a", "b"):
            session.send_text(text)
            assert session.receive_text() == "ok"
        session.send_text("bye")
    assert seen.user_ids() == [("lifespan", None), ("message", "ann"), ("message", "ann")]


def test_asynchronous_functions_are_awaited_and_others_wait_for_an_event(seen, tracker, inbox):
    entity = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {})

    class UserId:
        async def __call__(self, connection):
            await asyncio.sleep(0)
            seen.note("user_id")
            return connection["query_string"].decode()

    async def entities(_):
        return [entity]

    async def view(request):
        request.state.user = "set by the view"
        scope = current_scope()
        assert scope is not None
        assert scope.all_entities() == [entity]
        seen.note("view")
        return HTMLResponse("ok")

    inner = Starlette(routes=[Route("/", view)])
    app = SnowplowMiddleware(inner, user_id=UserId(), entities=entities)
    asyncio.run(run(app, "ann"))
    assert seen.user_ids() == [("user_id", None), ("view", "ann")]
    app = SnowplowMiddleware(
        inner, user_id=lambda connection: connection["state"]["user"], entities=lambda _: [entity]
    )
    asyncio.run(run(app, state={}))
    assert seen.user_ids()[2:] == [("view", "set by the view")]


def test_a_page_view_is_tracked_after_the_response_has_started(tracker, inbox):
    started = []

    async def page(scope, receive, send):
        headers = [(b"Content-Type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        started.append(len(inbox.events))
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        started.append(len(inbox.events))
        await send({"type": "http.response.body", "body": b"x"})

    app = SnowplowMiddleware(page, tracker, page_views=True, user_id=user_of)
    assert len(asyncio.run(run(app, "ann", "/a"))) == 3
    assert started == [0, 1]
    [event] = inbox.events
    assert (event["e"], event["uid"]) == ("pv", "ann")
    assert event["url"] == "http://localhost:8000/a?ann"
    assert event["refr"] == BROWSER["Referer"]
    asyncio.run(run(app, method="POST"))
    assert len(inbox.events) == 1


def test_a_json_response_is_no_page_view(tracker, inbox):
    app = FastAPI()
    app.add_api_route("/", lambda: {"a": 1})
    app.add_middleware(SnowplowMiddleware, tracker=tracker, page_views=True)
    assert TestClient(app).get("/").json() == {"a": 1}
    assert inbox.events == []


def test_a_filtered_request_has_no_scope(seen):
    async def view(_):
        seen.note()
        return PlainTextResponse("ok")

    app = starlette(Route("/", view), request_filter=lambda _: False)
    asyncio.run(run(app))
    assert seen.notes == [("", None)]


def test_a_request_inherits_nothing_and_leaves_nothing(seen):
    async def app(scope, receive, send):
        seen.note()
        raise KeyError

    async def main() -> None:
        async with request_scope() as scope:
            scope.subject.set_user_id("another request")
            with pytest.raises(KeyError):
                await run(SnowplowMiddleware(app))
            assert current_scope() is scope

    asyncio.run(main())
    assert seen.user_ids() == [("", None)]


def test_errors_are_logged_once_and_the_request_goes_on(tracker, inbox, logged):
    async def fail(_):
        raise ZeroDivisionError

    def fail_at_once(_):
        raise ZeroDivisionError

    async def view(_):
        return HTMLResponse("ok")

    inner = Starlette(routes=[Route("/", view)], middleware=[Middleware(Nothing)])
    for functions in (fail, fail_at_once):
        app = SnowplowMiddleware(
            *(inner, tracker), page_views=True, user_id=functions, entities=functions
        )
        for _ in range(2):
            assert asyncio.run(run(app))[1]["body"] == b"ok"
    assert len(inbox.events) == 4
    for name in ("entities", "user_id"):
        assert logged(f"^{name} raised ZeroDivisionError") == 1


class Nothing:
    """A middleware that does nothing."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, *arguments: Any) -> None:
        await self.app(*arguments)


def test_10_000_requests_at_once(seen):
    async def app(scope, receive, send):
        for _ in range(3):
            await receive()
            seen.note(scope["query_string"].decode())

    wrapped = SnowplowMiddleware(app, user_id=user_of)

    async def main() -> None:
        await asyncio.gather(*(run(wrapped, str(number)) for number in range(10_000)))

    asyncio.run(main())
    assert len(seen.notes) == 30_000
    assert [label for label, user in seen.user_ids() if label != user] == []
