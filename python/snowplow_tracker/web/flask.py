"""A Flask extension that creates a scope for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import has_request_context, request

from snowplow_tracker._scope import CURRENT
from snowplow_tracker.web._handling import Handling
from snowplow_tracker.web._options import Options
from snowplow_tracker.web.wsgi import handle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask, Request, Response

    from snowplow_tracker.tracker import Tracker
    from snowplow_tracker.web._options import EntitiesOf, FilterOf, UserIdOf

__all__ = ["SnowplowFlask"]

_EXTENSION = "snowplow"


class SnowplowFlask:
    """Give each request of a Flask application a scope with its user and page.

    It wraps `app.wsgi_app`. Hooks such as `teardown_request` would not do: they run before the
    body of a streamed response, and with `stream_with_context` also after it.

    The functions that you pass are called with Flask's request, in its context. What they raise is
    logged at most once a minute, and the request goes on.

    Args:
        app: The application. Default None: call `init_app` later.
        tracker: Tracks page views. Trackers have the user on their events if they were made with
            `use_scope=True`. Default None.
        page_views: Whether to track a page view for each GET whose response is an HTML page, with
            a status of 2xx or 3xx. Prefetches and the usual paths of health checks are left out.
            Default False.
        http_entity: The URI of a schema of yours, for an entity on page views with `method`,
            `path` and `status`. Default None.
        entities: Returns entities for the events of the request. Called when the first event is
            tracked, or when a streamed response starts. Default None.
        user_id: Returns the id of the user, or None. Called as `entities` is. Default None.
        request_filter: Returns whether a request has a scope and a page view. It is called before
            the context of the request exists. Default None: all.
        trust_forwarded: The number of proxies in front of the server, whose entries of
            X-Forwarded-For and X-Forwarded-Proto are used, whether or not the application has a
            `ProxyFix`. Clients can forge the other ones. Default 0.
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
        app: Flask | None = None,
        tracker: Tracker | None = None,
        *,
        page_views: bool = False,
        http_entity: str | None = None,
        entities: EntitiesOf[Request] | None = None,
        user_id: UserIdOf[Request] | None = None,
        request_filter: FilterOf[Request] | None = None,
        trust_forwarded: int = 0,
        cookies: bool = True,
        cookie_prefix: str = "_sp_",
        collector_cookie: str = "sp",
        respect_privacy_signals: bool = False,
    ) -> None:
        self._options = Options(
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
        ).refuse_asynchronous()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Have each request of an application handled in a scope.

        Raises:
            ValueError: The application has this extension already.
        """
        if _EXTENSION in app.extensions:
            raise ValueError("app has this extension already")
        app.extensions[_EXTENSION] = self
        app.after_request(self._resolve)
        handling = Handling(self._options.adapted(lambda function: _with_request(app, function)))
        wrapped = app.wsgi_app

        def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return handle(handling, wrapped, environ, start_response)

        app.wsgi_app = wsgi_app  # type: ignore[method-assign] # as Flask's documentation does

    def _resolve(self, response: Response) -> Response:
        """Compute what needs the context of the request, which ends before these do."""
        scope = CURRENT.get()
        is_page = self._options.page_views and response.mimetype == "text/html"
        is_stream = response.is_streamed and not response.direct_passthrough
        if scope is not None and (is_page or is_stream):
            scope.merged_fields()
            scope.all_entities()
        return response


def _with_request(app: Flask, function: Callable[[Request], Any]) -> Callable[[Any], Any]:
    def call(environ: WSGIEnvironment) -> Any:
        if has_request_context() and request.environ is environ:
            return function(request)
        return function(app.request_class(environ))

    return call
