"""The scope of a request, and its page view. Errors of the program's functions are only logged."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from snowplow_tracker._coroutines import is_asynchronous
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._scope import Scope
from snowplow_tracker.events import PageView
from snowplow_tracker.self_describing_json import SelfDescribingJson
from snowplow_tracker.subject import Subject
from snowplow_tracker.web._iteration import Entered

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._scope import Page
    from snowplow_tracker.web._options import Options
    from snowplow_tracker.web._request import Request

__all__ = ["Handling", "Response"]

R = TypeVar("R")

HEALTH_PATHS = frozenset(
    {"/health", "/healthz", "/healthcheck", "/live", "/livez", "/ready", "/readyz", "/ping"}
)

_log = RateLimitedLogger(find_logger("snowplow_tracker.web"))


class Response:
    """What a page view depends on. A middleware fills it in when the response starts."""

    __slots__ = ("content_type", "status")

    def __init__(self, status: int = 0, content_type: str = "") -> None:
        self.status = status
        self.content_type = content_type


class Handling(Generic[R]):
    """Handles the requests of one middleware.

    Args:
        options: Of the middleware.
    """

    def __init__(self, options: Options[R]) -> None:
        self.options = options
        self._awaits_user_id = is_asynchronous(options.user_id)
        self._awaits_entities = is_asynchronous(options.entities)

    def new_scope(self, request: Request, native: R) -> Scope | None:
        """Return the scope of a request, or None if it is to have none.

        The scope inherits nothing: the code that handles a request may run in a context of
        another one, such as that of a program that calls an application of its own process.

        Args:
            request: The request.
            native: The request as the framework has it, for the functions of the program.
        """
        options = self.options
        if options.request_filter is not None and not _call(
            "request_filter", True, native, options
        ):
            return None
        scope = Scope()
        fields = request.fields(
            options.trust_forwarded,
            cookie_prefix=None
            if options.respect_privacy_signals and request.opts_out()
            else options.cookie_prefix,
            collector_cookie=options.collector_cookie,
        )
        scope.subject.standard_nv_pairs.update(fields)
        scope.page = request.page(options.trust_forwarded)
        if options.user_id is not None and not self._awaits_user_id:
            scope.defer_field("uid", lambda: _text(_call("user_id", None, native, options)))
        if options.entities is not None and not self._awaits_entities:
            scope.defer_entities(lambda: _checked(_call("entities", None, native, options)))
        return scope

    async def resolve(self, scope: Scope, native: R) -> None:
        """Call the asynchronous functions of the program. They cannot wait for the first event."""
        options = self.options
        with Entered(scope):
            if self._awaits_user_id:
                user_id = _text(await _await("user_id", options.user_id, native))
                if user_id is not None:
                    scope.subject.set_user_id(user_id)
            if self._awaits_entities:
                entities = _checked(await _await("entities", options.entities, native))
                scope.entities.extend(entities)

    def track_page_view(self, scope: Scope, request: Request, response: Response) -> None:
        """Track the page view of a request, if its response is a page."""
        tracker = self.options.tracker
        if tracker is None or not self.options.page_views or scope.page is None:
            return
        if not is_page(request, response):
            return
        try:
            with Entered(scope):
                tracker.track(self._page_view(scope, scope.page, request, response))
        except Exception as error:  # noqa: BLE001 - a request must not fail for its page view
            _log.error("A page view could not be tracked: %r", error, exc_info=error)

    def _page_view(
        self, scope: Scope, page: Page, request: Request, response: Response
    ) -> PageView:
        # With subject and entities of its own, for trackers that do not read scopes.
        subject = Subject()
        subject.standard_nv_pairs.clear()
        subject.standard_nv_pairs.update(scope.merged_fields())
        entities = scope.all_entities()
        if self.options.http_entity is not None:
            data = {"method": request.method, "path": request.path, "status": response.status}
            entities.insert(0, SelfDescribingJson(self.options.http_entity, data))
        return PageView(
            page.url, referrer=page.referrer, event_subject=subject, context=entities or None
        )


def is_page(request: Request, response: Response) -> bool:
    """Return whether a user sees the response as a page."""
    return (
        request.method == "GET"
        and 200 <= response.status < 400  # noqa: PLR2004 - success and redirections
        and response.content_type.partition(";")[0].strip().lower() == "text/html"
        and not request.is_prefetch()
        and request.path.rstrip("/") not in HEALTH_PATHS
    )


def _call(name: str, default: Any, native: Any, options: Options[Any]) -> Any:
    function: Callable[[Any], Any] = getattr(options, name)
    try:
        result = function(native)
    except Exception as error:  # noqa: BLE001 - the request goes on
        _log.error(f"{name} raised %r. The request goes on without it", error, exc_info=error)
        return default
    if inspect.iscoroutine(result):
        result.close()
        _log.error(f"{name} is asynchronous, so its result %r is not used", result)
        return default
    return result


async def _await(name: str, function: Any, native: Any) -> Any:
    try:
        return await function(native)
    except Exception as error:  # noqa: BLE001 - the request goes on
        _log.error(f"{name} raised %r. The request goes on without it", error, exc_info=error)
        return None


def _text(user_id: object) -> str | None:
    return None if user_id is None else str(user_id)


def _checked(result: Any) -> list[SelfDescribingJson]:
    if result is None:
        return []
    try:
        found: list[Any] = [*result]
    except TypeError:
        found = [result]
    for entity in found:
        if not callable(getattr(entity, "to_json", None)):
            _log.error("entities must return a list of SelfDescribingJson, not %r", entity)
            return []
    return found
