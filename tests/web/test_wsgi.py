"""The WSGI middleware: each step of a request is in its scope, and nothing else is."""
# ruff: noqa: ARG001, ARG002 - applications have the parameters of WSGI

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest
from tests.web.conftest import BROWSER, SESSION, USER

from snowplow_tracker import SelfDescribingJson, Tracker
from snowplow_tracker.web import current_scope, request_scope
from snowplow_tracker.web.wsgi import SnowplowMiddleware

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "iglu:com.acme/request/jsonschema/1-0-0"
PAGE = [("Content-Type", "text/html")]


def call(app: Any, path: str = "/", query: str = "", **more: Any) -> Any:
    """Call an application. Returns the body, of which nothing is read yet."""
    environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "10.0.0.1"}
    setup_testing_defaults(environ)
    for name, value in BROWSER.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return app({**environ, **more}, lambda *_: None)


def finish(body: Any) -> bytes:
    parts = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return parts


def user_of(environ: dict[str, Any]) -> str:
    return str(environ["QUERY_STRING"])


def test_the_scope_has_the_user_and_the_page(seen):
    def app(environ, start):
        seen.note()
        scope = current_scope()
        assert scope is not None
        assert scope.page is not None
        seen.notes.append((scope.page.url, scope.page.referrer))
        start("200 OK", [])
        return [b"ok"]

    assert finish(call(SnowplowMiddleware(app, user_id=lambda _: 7), "/a", "b=1")) == b"ok"
    fields = {"ip": "10.0.0.1", "ua": "Mozilla/5.0", "lang": "en-GB", "uid": "7"}
    ids = {"duid": USER, "vid": 3, "sid": SESSION}
    page = ("http://127.0.0.1/a?b=1", "https://example.org/from?x=1")
    assert seen.notes == [("", {**fields, **ids}), page]


def test_cookies_are_optional_and_privacy_signals_are_honoured_if_asked(seen):
    def app(environ, start):
        seen.note()
        return []

    signals = {"HTTP_SEC_GPC": "1"}
    call(SnowplowMiddleware(app, cookies=False))
    call(SnowplowMiddleware(app, respect_privacy_signals=True), **signals)
    call(SnowplowMiddleware(app, respect_privacy_signals=True), HTTP_DNT="1")
    call(SnowplowMiddleware(app), **signals)
    assert ["duid" in fields for _, fields in seen.notes] == [False, False, False, True]


def test_a_generator_is_in_the_scope_in_each_step_and_the_server_is_not(seen):
    def app(environ, start):
        start("200 OK", PAGE)
        try:
            for number in range(3):
                seen.note(number)
                yield b"x"
        finally:
            seen.note("end")

    wrapped = SnowplowMiddleware(app, user_id=user_of)
    first, second = call(wrapped, query="ann"), call(wrapped, query="bob")
    next(first)
    next(second)
    assert current_scope() is None
    next(first)
    second.close()
    assert finish(first) == b"x"
    steps = [(0, "ann"), (0, "bob"), (1, "ann"), ("end", "bob"), (2, "ann"), ("end", "ann")]
    assert seen.user_ids() == steps


def test_an_abandoned_generator_ends_in_its_own_scope(seen):
    def app(environ, start):
        try:
            yield b"x"
        finally:
            seen.note("end")

    wrapped = SnowplowMiddleware(app, user_id=user_of)
    body = call(wrapped, query="ann")
    next(body)
    with request_scope():
        del body
        gc.collect()
    assert seen.user_ids() == [("end", "ann")]


def test_close_of_the_body_is_called_once_in_the_scope(seen):
    class Body:
        def __iter__(self):
            return iter([b"x"])

        def close(self):
            seen.note("close")

    body = call(SnowplowMiddleware(lambda *_: Body(), user_id=user_of), query="ann")
    assert finish(body) == b"x"
    body.close()
    assert seen.user_ids() == [("close", "ann")]


def test_a_request_inherits_nothing_and_leaves_nothing(seen):
    def app(environ, start):
        seen.note()
        raise KeyError

    with request_scope() as scope:
        scope.subject.set_user_id("another request")
        with pytest.raises(KeyError):
            call(SnowplowMiddleware(app))
        assert current_scope() is scope
    assert seen.user_ids() == [("", None)]


def test_lists_and_files_are_not_wrapped(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x")
    with (tmp_path / "file").open("rb") as file:
        for body in ([b"x"], (b"x",), FileWrapper(file)):
            wrapped = SnowplowMiddleware(lambda *_, body=body: body)
            more: dict[str, Any] = {"wsgi.file_wrapper": FileWrapper}
            assert call(wrapped, **more) is body


def html(environ: Any, start: Any) -> Any:
    start("200 OK", PAGE)
    yield b"1"
    yield b"2"


def test_a_page_view_is_tracked_after_the_response_has_started(tracker, inbox):
    entity = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {})
    app = SnowplowMiddleware(
        html,
        tracker,
        page_views=True,
        http_entity=SCHEMA,
        entities=lambda _: [entity],
        user_id=user_of,
    )
    tracker.encode_base64 = False
    body = call(app, "/a", "b=1")
    assert next(body) == b"1"
    assert inbox.events == []
    assert finish(body) == b"2"
    [event] = inbox.events
    assert event["e"] == "pv"
    assert event["url"] == "http://127.0.0.1/a?b=1"
    assert event["refr"] == "https://example.org/from?x=1"
    assert (event["uid"], event["duid"], event["p"]) == ("b=1", USER, "pc")
    assert "page" not in event
    assert event["co"].index(SCHEMA) < event["co"].index("tenant")
    assert '{"method":"GET","path":"/a","status":200}' in event["co"].replace(" ", "")


def test_a_page_view_of_a_list_or_of_a_body_that_is_closed_early(tracker, inbox):
    def app(environ, start):
        start("200 OK", PAGE)
        return [b"x"]

    call(SnowplowMiddleware(app, tracker, page_views=True))
    body = call(SnowplowMiddleware(html, tracker, page_views=True))
    next(body)
    body.close()
    assert len(inbox.events) == 2


def test_other_responses_are_no_page_views(tracker, inbox):
    def app(environ, start):
        start("200 OK", [("content-type", "application/json")])
        return iter([b"x"])

    finish(call(SnowplowMiddleware(app, tracker, page_views=True)))
    finish(call(SnowplowMiddleware(html, tracker)))
    finish(call(SnowplowMiddleware(html, tracker, page_views=True), "/healthz"))
    assert inbox.events == []


def test_a_filtered_request_has_no_scope(tracker, inbox, seen):
    def app(environ, start):
        seen.note(environ["PATH_INFO"])
        return html(environ, start)

    wrapped = SnowplowMiddleware(
        app, tracker, page_views=True, request_filter=lambda environ: environ["PATH_INFO"] == "/a"
    )
    for path in ("/a", "/b"):
        finish(call(wrapped, path))
    assert [fields is None for _, fields in seen.notes] == [False, True]
    assert len(inbox.events) == 1


def test_errors_are_logged_once_and_the_request_goes_on(tracker, inbox, logged):
    def fail(environ):
        raise ZeroDivisionError(environ["PATH_INFO"])

    wrapped = SnowplowMiddleware(
        html, tracker, page_views=True, entities=fail, user_id=fail, request_filter=fail
    )
    for _ in range(3):
        assert finish(call(wrapped)) == b"12"
    assert len(inbox.events) == 3
    for name in ("request_filter", "entities", "user_id"):
        assert logged(f"^{name} raised ZeroDivisionError") == 1


def test_results_of_a_wrong_kind_are_logged(tracker, inbox, logged):
    wrong: list[dict[str, Any]] = [
        {"entities": lambda _: "text"},
        {"entities": lambda _: 7},
        {"user_id": lambda environ: asynchronous(environ)},  # noqa: PLW0108 - looks synchronous
    ]
    for options in wrong:
        finish(call(SnowplowMiddleware(html, tracker, page_views=True, **options)))
    assert len(inbox.events) == 3
    assert logged("^entities must return a list of SelfDescribingJson, not 't'") == 1
    assert logged("^user_id is asynchronous") == 1


def test_a_page_view_that_cannot_be_tracked_is_logged(logged):
    class Broken:
        def input(self, payload):
            raise ZeroDivisionError

    wrapped = SnowplowMiddleware(html, Tracker("shop", Broken()), page_views=True)
    assert finish(call(wrapped)) == b"12"
    assert logged("^A page view could not be tracked: ZeroDivisionError") == 1


async def asynchronous(environ: object) -> None: ...


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"page_views": True}, "page_views needs a tracker"),
        ({"tracker": "shop"}, "tracker must be a Tracker"),
        ({"trust_forwarded": -1}, "trust_forwarded must be"),
        ({"user_id": "pk"}, "user_id must be a function"),
        ({"http_entity": True}, "http_entity must be the URI of a schema"),
        ({"user_id": asynchronous}, "user_id must not be asynchronous"),
        ({"request_filter": asynchronous}, "request_filter must not be asynchronous"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        SnowplowMiddleware(html, **options)
