"""The Flask extension with Flask's own client, and with its streamed responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, g, request, stream_with_context
from tests.web.conftest import BROWSER, USER
from werkzeug.middleware.proxy_fix import ProxyFix

from snowplow_tracker import SelfDescribingJson
from snowplow_tracker.web import current_scope
from snowplow_tracker.web.flask import SnowplowFlask

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTITY = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {})


@pytest.fixture
def app(seen):
    app = Flask(__name__)
    app.testing = True

    @app.before_request
    def log_in() -> None:
        g.user = request.args.get("user")
        seen.note("before")

    @app.teardown_request
    def tear_down(_: Any) -> None:
        seen.note("teardown")

    @app.get("/")
    def index() -> str:
        seen.note("view")
        return "<p>ok"

    @app.get("/stream")
    def stream() -> Any:
        def body() -> Iterator[str]:
            try:
                for _ in range(2):
                    seen.note("part")
                    yield "x"
            finally:
                seen.note("end")

        return stream_with_context(body()) if "context" in request.args else body()

    return app


def user_of(_: object) -> Any:
    return g.get("user")


def test_the_scope_has_the_user_and_the_page(app, seen):
    SnowplowFlask(app, user_id=user_of)

    def page() -> list[Any]:
        scope = current_scope()
        assert scope is not None
        assert scope.page is not None
        return [scope.merged_fields(), scope.page.url, scope.page.referrer]

    app.add_url_rule("/page", view_func=page)
    client = app.test_client(use_cookies=False)
    fields, url, referrer = client.get("/page?user=ann", headers=BROWSER).json
    assert fields["uid"] == "ann"
    assert (fields["ip"], fields["ua"], fields["duid"]) == ("127.0.0.1", "Mozilla/5.0", USER)
    assert (url, referrer) == ("http://localhost/page?user=ann", BROWSER["Referer"])
    assert seen.user_ids() == [("before", "ann"), ("teardown", "ann")]


@pytest.mark.parametrize("context", ["", "&context"])
def test_a_streamed_response_is_in_the_scope_until_it_is_closed(app, seen, context):
    SnowplowFlask(app, user_id=user_of)
    client = app.test_client()
    whole = client.get(f"/stream?user=ann{context}")
    assert whole.text == "xx"
    first = client.get(f"/stream?user=bob{context}", buffered=False)
    second = client.get(f"/stream?user=eve{context}", buffered=False)
    assert current_scope() is None
    next(first.iter_encoded())
    second.close()
    first.close()
    whole.close()
    users: dict[str, list[object]] = {user: [] for user in ("ann", "bob", "eve")}
    for label, user in seen.user_ids():
        users[user].append(label)
    assert [users["ann"].count(label) for label in ("before", "part", "end")] == [1, 2, 1]
    assert [users["bob"].count(label) for label in ("before", "end")] == [1, 1]
    assert users["eve"].count("before") == 1
    assert all(labels.count("teardown") >= 1 for labels in users.values())
    assert current_scope() is None


def test_functions_are_called_with_the_request_and_the_filter_before_it(app, seen, tracker, inbox):
    called = []

    def request_filter(one):
        called.append(("filter", one.path))
        return one.path != "/stream"

    def entities(one):
        called.append(("entities", one.url_rule.rule))
        return [ENTITY]

    extension = SnowplowFlask(
        tracker=tracker, page_views=True, request_filter=request_filter, entities=entities
    )
    extension.init_app(app)
    client = app.test_client()
    assert client.get("/").text == "<p>ok"
    assert client.get("/stream").text == "xx"
    assert client.get("/missing").status_code == 404
    assert called[0] == ("filter", "/")
    assert ("entities", "/") in called
    assert len(inbox.events) == 1
    assert [label for label, fields in seen.notes if fields is None].count("part") == 2
    assert app.extensions["snowplow"] is extension


def test_a_page_view_has_the_user_though_the_context_has_ended(app, tracker, inbox):
    SnowplowFlask(app, tracker, page_views=True, user_id=user_of)
    assert app.test_client().get("/?user=ann").text == "<p>ok"
    [event] = inbox.events
    assert (event["url"], event["uid"]) == ("http://localhost/?user=ann", "ann")


def test_a_function_that_raises_is_logged(app, tracker, inbox, logged):
    SnowplowFlask(app, tracker, page_views=True, user_id=lambda _: g.missing)
    assert app.test_client().get("/").text == "<p>ok"
    assert len(inbox.events) == 1
    assert logged("^user_id raised AttributeError") == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_the_address_behind_a_proxy_fix(app, seen, is_first):
    def fix() -> None:
        app.wsgi_app = ProxyFix(app.wsgi_app)

    if is_first:
        fix()
    SnowplowFlask(app, trust_forwarded=1)
    if not is_first:
        fix()
    app.test_client().get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
    assert {fields["ip"] for _, fields in seen.notes} == {"203.0.113.7"}


def test_an_application_has_it_once(app):
    SnowplowFlask(app)
    with pytest.raises(ValueError, match="app has this extension already"):
        SnowplowFlask(app)


async def asynchronous(_: object) -> None: ...


def test_wrong_options_are_named(app):
    with pytest.raises(ValueError, match="user_id must not be asynchronous"):
        SnowplowFlask(app, user_id=asynchronous)
