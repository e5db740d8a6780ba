"""A WSGI middleware that creates a scope for each request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from snowplow_tracker.web._handling import Handling, Response
from snowplow_tracker.web._iteration import Entered, ScopedIterator
from snowplow_tracker.web._options import Options
from snowplow_tracker.web._request import Request, quote_escaped, quote_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from snowplow_tracker._scope import Scope
    from snowplow_tracker.tracker import Tracker
    from snowplow_tracker.web._options import EntitiesOf, FilterOf, UserIdOf

__all__ = ["SnowplowMiddleware"]


class SnowplowMiddleware:
    """Give each request of a WSGI application a scope with its user and page.

    The functions that you pass are called with the environ of the request. What they raise is
    logged at most once a minute, and the request goes on.

    Args:
        app: The application.
        tracker: Tracks page views. Trackers have the user on their events if they were made with
            `use_scope=True`. Default None.
        page_views: Whether to track a page view for each GET whose response is an HTML page, with
            a status of 2xx or 3xx. Prefetches and the usual paths of health checks are left out.
            Default False.
        http_entity: The URI of a schema of yours, for an entity on page views with `method`,
            `path` and `status`. Default None.
        entities: Returns entities for the events of the request. Called when the first event is
            tracked. Default None.
        user_id: Returns the id of the user, or None. Called when the first event is tracked.
            Default None.
        request_filter: Returns whether a request has a scope and a page view. Default None: all.
        trust_forwarded: The number of proxies in front of the server, whose entries of
            X-Forwarded-For and X-Forwarded-Proto are used. Clients can forge the other ones.
            Default 0.
        cookies: Whether to read the ids in the cookies of the JavaScript tracker and of the
            collector. Default True.
        cookie_prefix: `cookieName` of the JavaScript tracker. Default "_sp_".
        collector_cookie: The name of the collector's cookie. Default "sp".
        respect_privacy_signals: Whether to read no cookies if the browser sends `Sec-GPC: 1` or
            `DNT: 1`. Default False.

    Raises:
        ValueError: An option is not valid.
    """

    def __init__(
        self,
        app: WSGIApplication,
        tracker: Tracker | None = None,
        *,
        page_views: bool = False,
        http_entity: str | None = None,
        entities: EntitiesOf[WSGIEnvironment] | None = None,
        user_id: UserIdOf[WSGIEnvironment] | None = None,
        request_filter: FilterOf[WSGIEnvironment] | None = None,
        trust_forwarded: int = 0,
        cookies: bool = True,
        cookie_prefix: str = "_sp_",
        collector_cookie: str = "sp",
        respect_privacy_signals: bool = False,
    ) -> None:
        self.app = app
        options = Options(
            tracker,
            page_views=page_views,
            http_entity=http_entity,
            entities=entities,
            user_id=user_id,
            request_filter=request_filter,
            trust_forwarded=trust_forwarded,
            cookies=cookies,
            cookie_prefix=cookie_prefix,
            collector_cookie=collector_cookie,
            respect_privacy_signals=respect_privacy_signals,
        )
        self._handling = Handling(options.refuse_asynchronous())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle a request."""
        return handle(self._handling, self.app, environ, start_response)


def handle(
    handling: Handling[WSGIEnvironment],
    app: WSGIApplication,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Handle a request in a scope."""
    request = request_of(environ)
    scope = handling.new_scope(request, environ)
    if scope is None:
        return app(environ, start_response)
    response = Response()

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        response.status = int(status[:3])
        response.content_type = next(
            (value for name, value in headers if name.lower() == "content-type"), ""
        )
        return start_response(status, headers, *error)

    with Entered(scope):
        body = app(environ, start)
        parts = iter(body)
    if _is_finished(body, environ):
        handling.track_page_view(scope, request, response)
        return body
    track = partial(handling.track_page_view, scope, request, response)
    return _Body(scope, parts, body, track)


class _Body(ScopedIterator[bytes]):
    """The body of a response. The page view is tracked after its first part."""

    def __init__(
        self,
        scope: Scope,
        parts: Iterator[bytes],
        body: Iterable[bytes],
        track: Callable[[], None],
    ) -> None:
        super().__init__(scope, parts, body)
        self._track: Callable[[], None] | None = track
        self._has_started = False

    def __next__(self) -> bytes:
        if self._has_started:
            self._track_once()
        self._has_started = True
        return super().__next__()

    def close(self) -> None:
        self._track_once()
        super().close()

    def _track_once(self) -> None:
        track, self._track = self._track, None
        if track is not None:
            track()


def request_of(environ: Mapping[str, Any]) -> Request:
    """Return the request of an environ."""
    path = quote_path(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), "latin-1")
    return Request(
        environ["REQUEST_METHOD"],
        environ.get("wsgi.url_scheme", "http"),
        server_of(environ),
        path or "/",
        quote_escaped(environ.get("QUERY_STRING", "")),
        environ.get("REMOTE_ADDR"),
        EnvironHeaders(environ),
    )


def server_of(environ: Mapping[str, Any]) -> str:
    """Return the name and port of the server."""
    name, port = environ.get("SERVER_NAME", "localhost"), environ.get("SERVER_PORT", "")
    return name if port in {"", "80", "443"} else f"{name}:{port}"


class EnvironHeaders(Mapping[str, str]):
    """The headers of an environ, by their names in lower case."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[f"HTTP_{name.upper().replace('-', '_')}"]
        return value

    def __iter__(self) -> Iterator[str]:
        for key in self._environ:
            if key.startswith("HTTP_"):
                yield key[5:].lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _is_finished(body: Iterable[bytes], environ: WSGIEnvironment) -> bool:
    """Return whether no code of the program runs for a body any more.

    Such bodies are not wrapped: servers send files, and compute the length of lists, by their
    types: https://peps.python.org/pep-3333/#optional-platform-specific-file-handling
    """
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(body, list | tuple) or (
        isinstance(wrapper, type) and isinstance(body, wrapper)
    )
