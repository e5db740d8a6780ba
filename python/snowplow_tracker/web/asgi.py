"""An ASGI middleware that creates a scope for each request and websocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from snowplow_tracker.web._handling import Handling, Response
from snowplow_tracker.web._iteration import Entered
from snowplow_tracker.web._options import Options
from snowplow_tracker.web._request import Request, quote_escaped, quote_path

if TYPE_CHECKING:
    from snowplow_tracker._scope import Scope
    from snowplow_tracker.tracker import Tracker
    from snowplow_tracker.web._options import EntitiesOf, FilterOf, UserIdOf

__all__ = ["ASGIApp", "SnowplowMiddleware"]

Connection = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Connection, Receive, Send], Awaitable[None]]


class SnowplowMiddleware:
    """Give each request and websocket of an ASGI application a scope with its user and page.

    The functions that you pass are called with the connection scope of ASGI, a dict. `user_id` and
    `entities` may be asynchronous; then they are called for each request. What they raise is
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
        entities: Returns entities for the events of the request. If it is not asynchronous, it is
            called when the first event is tracked. Default None.
        user_id: Returns the id of the user, or None. If it is not asynchronous, it is called when
            the first event is tracked. Default None.
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
        app: ASGIApp,
        tracker: Tracker | None = None,
        *,
        page_views: bool = False,
        http_entity: str | None = None,
        entities: EntitiesOf[Connection] | None = None,
        user_id: UserIdOf[Connection] | None = None,
        request_filter: FilterOf[Connection] | None = None,
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
        self._handling = Handling(options)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Handle a connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request = _request_of(scope)
        current = self._handling.new_scope(request, scope)
        if current is None:
            await self.app(scope, receive, send)
            return
        await self._handling.resolve(current, scope)
        if scope["type"] == "http":
            send = self._sender(send, current, request)
        with Entered(current):
            await self.app(scope, receive, send)

    def _sender(self, send: Send, current: Scope, request: Request) -> Send:
        """Return a `send` that tracks the page view after the first part of the response."""
        response: Response | None = None

        async def send_and_track(message: Message) -> None:
            nonlocal response
            await send(message)
            if message["type"] == "http.response.start":
                headers = _headers(message)
                response = Response(message["status"], headers.get("content-type", ""))
            elif response is not None:
                started, response = response, None
                self._handling.track_page_view(current, request, started)

        return send_and_track if self._handling.options.page_views else send


def _headers(message: MutableMapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in message.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joint = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers


def _request_of(connection: Connection) -> Request:
    raw_path = connection.get("raw_path")
    path = quote_escaped(raw_path.decode("latin-1")) if raw_path else quote_path(connection["path"])
    scheme: str = connection.get("scheme", "http")
    return Request(
        connection.get("method", "GET"),
        {"ws": "http", "wss": "https"}.get(scheme, scheme),
        _server_of(connection),
        path or "/",
        quote_escaped(connection.get("query_string", b"").decode("latin-1")),
        (connection.get("client") or (None,))[0],
        _headers(connection),
    )


def _server_of(connection: Connection) -> str:
    # The port is None for Unix sockets: https://asgi.readthedocs.io/en/latest/specs/www.html
    name, port = connection.get("server") or ("localhost", None)
    return name if port in {None, 80, 443} else f"{name}:{port}"
