"""The Django middleware under WSGI and ASGI, with settings that tests override."""

# ruff: noqa: ARG001, E402 - functions have a request; models are imported after the settings

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.web import django_project
from tests.web.conftest import BROWSER, USER

django_project.configure()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from snowplow_tracker.web import current_scope
from snowplow_tracker.web.django import SnowplowMiddleware
from snowplow_tracker.web.django._settings import UserAttribute

BY_NAME: dict[str, Any] = {"USER_ID": "tests.web.django_project.name_of"}


@pytest.fixture(scope="module", autouse=True)
def accounts():
    call_command("migrate", run_syncdb=True, verbosity=0)
    # pytest-xdist may run a part of this module again in the same process.
    return [User.objects.get_or_create(username=name)[0] for name in ("ann", "bob")]


@pytest.fixture(autouse=True)
def seen():
    django_project.seen.notes.clear()
    return django_project.seen


def headers() -> dict[str, Any]:
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in BROWSER.items()}


def test_the_scope_has_the_user_and_the_page():
    fields, url, referrer = Client().get("/page/ä?a=1", **headers()).json()
    assert (fields["ip"], fields["ua"], fields["duid"]) == ("127.0.0.1", "Mozilla/5.0", USER)
    assert "uid" not in fields
    assert url == "http://testserver/page/%C3%A4?a=1"
    assert referrer == BROWSER["Referer"]


def test_the_scope_under_asgi():
    async def main() -> Any:
        return (await AsyncClient().get("/page?a=1", headers=BROWSER)).json()

    fields, url, _ = asyncio.run(main())
    assert (fields["ip"], fields["duid"]) == ("127.0.0.1", USER)
    assert url == "http://testserver/page?a=1"


def test_the_user_is_only_queried_for_an_event(accounts, seen):
    client = Client()
    client.force_login(accounts[0])
    with CaptureQueriesContext(connection) as queries:
        client.get("/unused")
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
    assert len(queries) == 1
    assert seen.user_ids() == [("view", str(accounts[0].pk))]


@pytest.mark.parametrize("path", ["/", "/async"])
def test_the_user_of_views_of_both_kinds_under_asgi(accounts, seen, path):
    async def main() -> None:
        client, other = AsyncClient(), AsyncClient()
        await client.aforce_login(accounts[0])
        for each in (client, other):
            assert (await each.get(path)).status_code == 200

    with override_settings(SNOWPLOW={"USER_ID": "username"}):
        asyncio.run(main())
    assert seen.user_ids() == [("view", "ann"), ("view", None)]


def test_the_user_of_an_asynchronous_request_before_django_5(accounts):
    request: Any = RequestFactory().get("/")
    request.user = SimpleLazyObject(lambda: User.objects.get(username="ann"))
    user_id = UserAttribute("username")
    assert asyncio.run(user_id.in_event_loop(request)) is None
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"
    assert asyncio.run(user_id.in_event_loop(request)) == "ann"


def test_settings_may_be_overridden_between_requests(accounts, seen):
    client = Client()
    client.force_login(accounts[1])
    for user_id in ("username", None, "tests.web.django_project.name_of"):
        with override_settings(SNOWPLOW={"USER_ID": user_id}):
            client.get("/?name=eve")
    client.get("/")
    users = ["bob", None, "eve", str(accounts[1].pk)]
    assert [user for _, user in seen.user_ids()] == users


@override_settings(SNOWPLOW=BY_NAME)
def test_a_streamed_response_is_in_the_scope_until_it_is_closed(seen):
    client = Client()
    first, second = client.get("/stream?name=ann"), client.get("/stream?name=bob")
    parts = iter(first.streaming_content)
    next(parts)
    next(iter(second.streaming_content))
    assert current_scope() is None
    second.close()
    assert list(parts) == [b"x"]
    first.close()
    expected = ["ann", "bob", "bob end", "ann", "ann end"]
    assert seen.user_ids() == [(label, label.partition(" ")[0]) for label in expected]


@override_settings(SNOWPLOW=BY_NAME)
def test_an_asynchronous_stream_whose_client_goes_away(seen):
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if "first" in received:
            await gone.wait()
            return {"type": "http.disconnect"}
        received.append("first")
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            gone.set()
            await asyncio.sleep(3600)

    async def main() -> None:
        connection = {
            "type": "http",
            "method": "GET",
            "path": "/stream-async",
            "query_string": b"name=ann",
            "headers": [(b"host", b"testserver")],
        }
        await ASGIHandler()(connection, receive, send)
        await ended("ann end")
        response = await AsyncClient().get("/stream-async?name=bob")
        assert [part async for part in response.streaming_content] == [b"x", b"x"]

    async def ended(label: str) -> None:
        # The event loop ends the generator by itself.
        for _ in range(100_000):
            if label in dict(seen.notes):
                return
            await asyncio.sleep(0)

    received: list[str] = []
    asyncio.run(main())
    assert ("ann end", "ann") in seen.user_ids()
    assert ("bob end", "bob") in seen.user_ids()
    assert all(label.partition(" ")[0] == user for label, user in seen.user_ids())


def test_a_file_is_left_to_the_server():
    middleware = SnowplowMiddleware(django_project.file)
    response: Any = middleware(RequestFactory().get("/file"))
    assert response.file_to_stream is not None
    response.close()


@pytest.mark.parametrize("is_async", [False, True])
def test_page_views(tracker, inbox, is_async):
    setting = {
        "TRACKER": lambda: tracker,
        "PAGE_VIEWS": True,
        "ENTITIES": "tests.web.django_project.entities",
        "REQUEST_FILTER": "tests.web.django_project.not_stream",
        **BY_NAME,
    }

    async def get(path: str) -> None:
        await AsyncClient().get(path)

    tracker.encode_base64 = False
    with override_settings(SNOWPLOW=setting):
        for path in ("/?name=ann", "/missing", "/unused", "/stream?name=bob"):
            if is_async:
                asyncio.run(get(path))
            else:
                Client().get(path).close()
    [event] = inbox.events
    assert (event["e"], event["url"]) == ("pv", "http://testserver/?name=ann")
    assert event["uid"] == "ann"
    assert "com.acme/tenant" in event["co"]


def test_errors_of_functions_are_logged_and_the_request_goes_on(seen, logged):
    def fail(request):
        raise ZeroDivisionError

    async def fail_async(request):
        raise ZeroDivisionError

    async def get() -> None:
        assert (await AsyncClient().get("/async")).status_code == 200

    with override_settings(SNOWPLOW={"USER_ID": fail, "REQUEST_FILTER": fail}):
        assert Client().get("/").status_code == 200
    with override_settings(SNOWPLOW={"USER_ID": "pk", "ENTITIES": fail_async}):
        asyncio.run(get())
    assert [user for _, user in seen.user_ids()] == [None, None]
    for name in ("user_id", "request_filter", "entities"):
        assert logged(f"^{name} raised ZeroDivisionError") == 1


WRONG = [
    ({"PAGE_VIEW": True}, r"SNOWPLOW\['PAGE_VIEW'\] is unknown\. The keys are COLLECTOR_COOKIE, "),
    ({"PAGE_VIEWS": True}, r"SNOWPLOW\['PAGE_VIEWS'\] needs a tracker"),
    ({"TRACKER": "shop.missing"}, r"SNOWPLOW\['TRACKER'\] cannot be imported: "),
    ({"TRACKER": 7}, r"SNOWPLOW\['TRACKER'\] must be a Tracker"),
    ({"TRUST_FORWARDED": -1}, r"SNOWPLOW\['TRUST_FORWARDED'\] must be"),
    ({"ENTITIES": 7}, r"SNOWPLOW\['ENTITIES'\] must be a function"),
    ([], "SNOWPLOW must be a dict"),
]


@pytest.mark.parametrize(("setting", "message"), WRONG)
def test_wrong_settings_are_named(setting, message):
    with override_settings(SNOWPLOW=setting):
        [found] = run_checks()
        with pytest.raises(ImproperlyConfigured, match=message):
            SnowplowMiddleware(lambda _: None)
    assert found.id == "snowplow_tracker.E001"
    with pytest.raises(ImproperlyConfigured, match=message):
        raise ImproperlyConfigured(found.msg)


def test_checks_make_no_tracker():
    with override_settings(SNOWPLOW={"TRACKER": lambda: pytest.fail("made"), "PAGE_VIEWS": True}):
        assert run_checks() == []


def test_the_order_of_middlewares_is_checked():
    [sessions, authentication, snowplow] = settings.MIDDLEWARE
    for middlewares, expected in {
        (sessions, authentication): ["snowplow_tracker.W001"],
        (snowplow, sessions, authentication): ["snowplow_tracker.W002"],
        (sessions, authentication, snowplow): [],
    }.items():
        with override_settings(MIDDLEWARE=[*middlewares]):
            assert [found.id for found in run_checks()] == expected
