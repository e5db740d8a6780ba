"""A Django project for tests: views that note their scope, and accounts in memory."""

# ruff: noqa: ARG001 - views have a request

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from tests.web.conftest import Seen

from snowplow_tracker import SelfDescribingJson
from snowplow_tracker.web import current_scope

MIDDLEWARE = "snowplow_tracker.web.django.SnowplowMiddleware"
ENTITY = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {})
seen = Seen()


def configure() -> None:
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="tests",
        ROOT_URLCONF=__name__,
        # In memory, and the same for the threads in which asynchronous requests use it.
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": "file:accounts?mode=memory&cache=shared",
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "snowplow_tracker.web.django",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            MIDDLEWARE,
        ],
        USE_TZ=True,
    )
    django.setup()


def index(request: Any) -> HttpResponse:
    seen.note("view")
    return HttpResponse("<p>ok")


async def index_async(request: Any) -> HttpResponse:
    await asyncio.sleep(0)
    seen.note("view")
    return HttpResponse("<p>ok")


def page(request: Any) -> JsonResponse:
    scope = current_scope()
    assert scope is not None
    assert scope.page is not None
    return JsonResponse([scope.merged_fields(), scope.page.url, scope.page.referrer], safe=False)


def unused(request: Any) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def parts(name: str) -> Any:
    try:
        for _ in range(2):
            seen.note(name)
            yield "x"
    finally:
        seen.note(f"{name} end")


async def parts_async(name: str) -> Any:
    try:
        for _ in range(2):
            await asyncio.sleep(0)
            seen.note(name)
            yield "x"
    finally:
        seen.note(f"{name} end")


def stream(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts(request.GET["name"]))


async def stream_async(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts_async(request.GET["name"]))


def file(request: Any) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"))


def entities(request: Any) -> list[SelfDescribingJson]:
    return [ENTITY]


def name_of(request: Any) -> Any:
    return request.GET.get("name")


def not_stream(request: Any) -> bool:
    return not request.path.startswith("/stream")


urlpatterns = [
    path("", index),
    path("async", index_async),
    path("page/ä", page),
    path("page", page),
    path("unused", unused),
    path("stream", stream),
    path("stream-async", stream_async),
]
