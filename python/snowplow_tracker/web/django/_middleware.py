"""`SnowplowMiddleware` for Django, under WSGI and ASGI."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from snowplow_tracker.web._handling import Handling, Response
from snowplow_tracker.web._iteration import Entered, ScopedAsyncIterator, ScopedIterator
from snowplow_tracker.web._request import Request, quote_escaped, quote_path
from snowplow_tracker.web.django._settings import UserAttribute, read_options, read_setting
from snowplow_tracker.web.wsgi import EnvironHeaders, server_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from django.http import HttpRequest, HttpResponseBase

    from snowplow_tracker._scope import Scope

__all__ = ["SnowplowMiddleware"]


class SnowplowMiddleware:
    """Give each request of a Django project a scope with its user and page.

    Add "snowplow_tracker.web.django.SnowplowMiddleware" to `MIDDLEWARE`, after
    `AuthenticationMiddleware`. Trackers have the user on their events if they were made with
    `use_scope=True`. The setting `SNOWPLOW` is a dict with any of these keys. Functions are given
    as such or by their dotted paths, and are called with Django's request. What they raise is
    logged at most once a minute, and the request goes on.

    - TRACKER: Tracks page views. A tracker, or a function that returns one. Default None.
    - PAGE_VIEWS: Whether to track a page view for each GET whose response is an HTML page, with a
      status of 2xx or 3xx. Prefetches and the usual paths of health checks are left out. Default
      False.
    - HTTP_ENTITY: The URI of a schema of yours, for an entity on page views with `method`, `path`
      and `status`. Default None.
    - ENTITIES: A function that returns entities for the events of the request. Called when the
      first event is tracked. Default None.
    - USER_ID: The attribute of `request.user` with the user's id, or a function. It is read when
      the first event is tracked, so that other requests do not query the database. Under ASGI it
      is read before the view, if the request has a session. None for no user id. Default "pk".
    - REQUEST_FILTER: A function that returns whether a request has a scope and a page view.
      Default None: all.
    - TRUST_FORWARDED: The number of proxies in front of the server, whose entries of
      X-Forwarded-For and X-Forwarded-Proto are used. Clients can forge the other ones. Default 0.
    - COOKIES: Whether to read the ids in the cookies of the JavaScript tracker and of the
      collector. Default True.
    - COOKIE_PREFIX: `cookieName` of the JavaScript tracker. Default "_sp_".
    - COLLECTOR_COOKIE: The name of the collector's cookie. Default "sp".
    - RESPECT_PRIVACY_SIGNALS: Whether to read no cookies if the browser sends `Sec-GPC: 1` or
      `DNT: 1`. Default False.

    Raises:
        ImproperlyConfigured: The setting is not valid.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response: Any = get_response
        self._setting: Mapping[str, Any] | None = None
        self._configure()
        # https://docs.djangoproject.com/en/stable/topics/http/middleware/#asynchronous-support
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Handle a request."""
        if self._is_async:
            return self._handle_async(request)
        self._configure()
        sent = _request_of(request)
        scope = self._handling.new_scope(sent, request)
        if scope is None:
            response: HttpResponseBase = self.get_response(request)
            return response
        with Entered(scope):
            response = self.get_response(request)
        return self._finish(scope, sent, response)

    async def _handle_async(self, request: HttpRequest) -> HttpResponseBase:
        self._configure()
        handling, handling_async = self._handling, self._handling_async
        sent = _request_of(request)
        scope = handling.new_scope(sent, request)
        if scope is None:
            response: HttpResponseBase = await self.get_response(request)
            return response
        await handling_async.resolve(scope, request)
        with Entered(scope):
            response = await self.get_response(request)
        return self._finish(scope, sent, response)

    def _configure(self) -> None:
        """Read the setting, if it is another one: tests override settings."""
        setting = read_setting()
        if setting is self._setting:
            return
        options = read_options(setting)
        self._handling: Handling[Any] = Handling(options)
        user_id = options.user_id
        if isinstance(user_id, UserAttribute):
            options = copy(options)
            options.user_id = user_id.in_event_loop
        self._handling_async: Handling[Any] = Handling(options)
        self._setting = setting

    def _finish(self, scope: Scope, request: Request, response: Any) -> HttpResponseBase:
        content_type = response.headers.get("Content-Type", "")
        started = Response(response.status_code, content_type)
        self._handling.track_page_view(scope, request, started)
        # Servers send files by themselves, unless something wraps them.
        if response.streaming and getattr(response, "file_to_stream", None) is None:
            _stream_in(scope, response)
        finished: HttpResponseBase = response
        return finished


def _stream_in(scope: Scope, response: Any) -> None:
    """Have the body of a response generated in a scope, and closed in it."""
    closers = response._resource_closers  # noqa: SLF001 - what `HttpResponseBase.close` calls
    closers[:] = [partial(_call_in, scope, close) for close in closers]
    kind = ScopedAsyncIterator if response.is_async else ScopedIterator
    response.streaming_content = kind(scope, response.streaming_content)


def _call_in(scope: Scope, function: Callable[[], object]) -> None:
    with Entered(scope):
        function()


def _request_of(request: Any) -> Request:
    return Request(
        request.method,
        request.scheme,
        server_of(request.META),
        quote_path(request.path),
        quote_escaped(request.META.get("QUERY_STRING", "")),
        request.META.get("REMOTE_ADDR"),
        EnvironHeaders(request.META),
    )
