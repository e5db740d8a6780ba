"""Scopes on real servers: each event that arrives has the user of its own request."""

from __future__ import annotations

import http.client
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.servers.harness import free_port, module, running

if TYPE_CHECKING:
    from snowplow_tracker.collector import CollectorServer

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs POSIX"),
    pytest.mark.processes,
]
CLIENTS = 8
REQUESTS = 12

COMMON = """
import os
from snowplow_tracker import AsyncEmitter, StructuredEvent, Tracker

emitter = AsyncEmitter(os.environ["COLLECTOR"], batch_size=20)
tracker = Tracker("shop", emitter, use_scope=True)


def track(name, number, part):
    tracker.track(StructuredEvent("request", name, str(part), property_=number))
"""

FLASK = """
from flask import Flask, request, stream_with_context
from snowplow_tracker.web.flask import SnowplowFlask

app = Flask(__name__)
SnowplowFlask(app, tracker, page_views=True, user_id=lambda request: request.args["user"])


@app.get("/")
def index():
    track(request.args["user"], request.args["n"], "view")
    return "<p>ok"


@app.get("/stream")
def stream():
    user, number = request.args["user"], request.args["n"]

    def body():
        try:
            for part in range(3):
                track(user, number, part)
                yield "x" * 100_000
        finally:
            track(user, number, "end")

    return stream_with_context(body()) if int(number) % 2 else body()
"""

FASTAPI = """
import asyncio
from contextlib import asynccontextmanager
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from snowplow_tracker.web.asgi import SnowplowMiddleware


@asynccontextmanager
async def lifespan(app):
    yield
    emitter.close()


def user_of(connection):
    return dict(pair.split("=") for pair in connection["query_string"].decode().split("&"))["user"]


app = FastAPI(lifespan=lifespan)
app.add_middleware(SnowplowMiddleware, tracker=tracker, page_views=True, user_id=user_of)


@app.get("/")
def index(request: Request, user: str, n: str, tasks: BackgroundTasks):
    track(user, n, "view")
    tasks.add_task(track, user, n, "background")
    return HTMLResponse("<p>ok")


@app.get("/stream")
async def stream(user: str, n: str):
    async def body():
        try:
            for part in range(3):
                await asyncio.sleep(0)
                track(user, n, part)
                yield "x" * 100_000
        finally:
            track(user, n, "end")

    return StreamingResponse(body(), media_type="text/html")
"""

DJANGO = """
import asyncio
from django.conf import settings


def user_of(request):
    return request.GET["user"]


settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="tests",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["snowplow_tracker.web.django.SnowplowMiddleware"],
    SNOWPLOW={"TRACKER": lambda: tracker, "PAGE_VIEWS": True, "USER_ID": user_of},
)

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path


def index(request):
    track(request.GET["user"], request.GET["n"], "view")
    return HttpResponse("<p>ok")


def stream(request):
    def body():
        try:
            for part in range(3):
                track(request.GET["user"], request.GET["n"], part)
                yield "x" * 100_000
        finally:
            track(request.GET["user"], request.GET["n"], "end")

    return StreamingHttpResponse(body())


async def stream_async(request):
    async def body():
        try:
            for part in range(3):
                await asyncio.sleep(0)
                track(request.GET["user"], request.GET["n"], part)
                yield "x" * 100_000
        finally:
            track(request.GET["user"], request.GET["n"], "end")

    return StreamingHttpResponse(body())


emitter.flush_on_sigterm()
is_async = "ASGI" in os.environ
urlpatterns = [path("", index), path("stream", stream_async if is_async else stream)]
app = get_asgi_application() if is_async else get_wsgi_application()
"""

CASES = {
    "Django on gunicorn": (DJANGO, "gunicorn", "main:app --threads 4 -k gthread"),
    "Django on uvicorn": (DJANGO, "uvicorn", "main:app"),
    "gunicorn gthread": (FLASK, "gunicorn", "main:app --workers 2 --threads 4 -k gthread"),
    "gunicorn gevent": (FLASK, "gunicorn", "main:app --workers 2 -k gevent"),
    "gunicorn uvicorn": (FASTAPI, "gunicorn", "main:app -k uvicorn.workers.UvicornWorker"),
    "uvicorn": (FASTAPI, "uvicorn", "main:app"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_event_has_the_user_of_its_request(case, collector, tmp_path, monkeypatch):
    program, server, options = CASES[case]
    if find_spec(server) is None or ("gevent" in options and find_spec("gevent") is None):
        pytest.skip(f"{server} is not installed")
    (tmp_path / "main.py").write_text(COMMON + program, encoding="utf-8")
    port = free_port()
    address = ["--bind", f"127.0.0.1:{port}"] if server == "gunicorn" else ["--port", str(port)]
    command = module(server, *options.split(), *address)
    monkeypatch.setenv("COLLECTOR", collector.url)
    if server == "uvicorn":
        monkeypatch.setenv("ASGI", "1")
    with running(command, tmp_path, port) as running_server:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda client: requests_of(client, port), range(CLIENTS)))
        running_server.process.terminate()
        running_server.process.wait(30)
    assert len(views(collector)) == CLIENTS * REQUESTS, running_server.log
    check(collector)
    assert "Traceback" not in running_server.log


def requests_of(client: int, port: int) -> None:
    """Send requests, one after the other. Close the response of every third one early."""
    for number in range(REQUESTS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        path = "/" if number % 3 == 0 else "/stream"
        connection.request("GET", f"{path}?user=user-{client}&n={number}")
        response = connection.getresponse()
        assert response.status == 200
        if number % 3 == 2:
            response.read(10)
            response.close()
        else:
            response.read()
        connection.close()


def views(collector: CollectorServer) -> list[dict[str, Any]]:
    return [
        row["event"] for row in collector.journal.good() if row["event"]["event"] == "page_view"
    ]


def check(collector: CollectorServer) -> None:
    events = [row["event"] for row in collector.journal.good()]
    structured = [event for event in events if event["event"] == "struct"]
    assert {(event["se_action"], event["user_id"]) for event in structured} == {
        (f"user-{client}", f"user-{client}") for client in range(CLIENTS)
    }
    for view in views(collector):
        assert parse_qs(urlsplit(view["page_url"]).query)["user"] == [view["user_id"]]
    assert {event["user_ipaddress"] for event in events} == {"127.0.0.1"}
