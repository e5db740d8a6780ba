"""The options that the middlewares of all frameworks share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from snowplow_tracker._coroutines import is_asynchronous
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import TrackerCore, additions_of, silence_of
from snowplow_tracker._validation import require_int
from snowplow_tracker.self_describing_json import SelfDescribingJson

if TYPE_CHECKING:
    from snowplow_tracker.tracker import Tracker

__all__ = ["EntitiesOf", "FilterOf", "Options", "UserIdOf"]

R = TypeVar("R")

_log = RateLimitedLogger(find_logger("snowplow_tracker.web"))

# Aliases of functions of a request. What a request is depends on the framework.
Entities = Iterable[SelfDescribingJson] | None
EntitiesOf = Callable[[R], Entities | Awaitable[Entities]]
UserIdOf = Callable[[R], object]
FilterOf = Callable[[R], bool]


class Options(Generic[R]):
    """Options of a middleware. The middlewares document them.

    Raises:
        ValueError: An option is not valid. The message names it.
    """

    def __init__(
        self,
        tracker: Tracker | None = None,
        *,
        page_views: bool = False,
        http_entity: str | None = None,
        entities: EntitiesOf[R] | None = None,
        user_id: UserIdOf[R] | None = None,
        request_filter: FilterOf[R] | None = None,
        trust_forwarded: int = 0,
        cookies: bool = True,
        cookie_prefix: str = "_sp_",
        collector_cookie: str = "sp",
        respect_privacy_signals: bool = False,
    ) -> None:
        if tracker is not None and not callable(getattr(tracker, "track", None)):
            raise ValueError(f"tracker must be a Tracker, not {tracker!r}")
        if page_views and tracker is None:
            raise ValueError("page_views needs a tracker")
        self.tracker = tracker
        self.page_views = page_views
        self.http_entity = _require_schema(http_entity)
        self.entities = _require_callable(entities, "entities")
        self.user_id = _require_callable(user_id, "user_id")
        self.request_filter = _require_callable(request_filter, "request_filter")
        if is_asynchronous(request_filter):
            raise ValueError("request_filter must not be asynchronous")
        self.trust_forwarded = require_int(trust_forwarded, 0, name="trust_forwarded")
        self.cookie_prefix = cookie_prefix if cookies else None
        self.collector_cookie = collector_cookie
        self.respect_privacy_signals = respect_privacy_signals
        _warn_of_missing_scopes(tracker)

    def refuse_asynchronous(self) -> Options[R]:
        """Check that all functions can be called without an event loop. Returns the options."""
        for name in ("user_id", "entities"):
            if is_asynchronous(getattr(self, name)):
                raise ValueError(f"{name} must not be asynchronous in a synchronous application")
        return self

    def adapted(self, adapt: Callable[[Callable[[R], Any]], Callable[[Any], Any]]) -> Options[Any]:
        """Return options whose functions take the request of another framework."""
        options: Options[Any] = copy(self)
        for name in ("user_id", "entities", "request_filter"):
            function = getattr(self, name)
            setattr(options, name, None if function is None else adapt(function))
        return options


def _warn_of_missing_scopes(tracker: object) -> None:
    """Warn of a tracker whose events, but for page views, would not have the user."""
    if not isinstance(tracker, TrackerCore) or any(silence_of(tracker)):
        return
    additions: Any = additions_of(tracker)
    if additions is None or additions.scope is None:
        _log.warning(
            "A middleware was given a tracker without use_scope=True: of its events, only page "
            "views have the user and entities of requests. Create it with "
            "Tracker(..., use_scope=True)"
        )


def _require_callable(value: Any, name: str) -> Any:
    if value is not None and not callable(value):
        raise ValueError(f"{name} must be a function of the request, not {value!r}")
    return value


def _require_schema(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and value.startswith("iglu:")):
        raise ValueError(f"http_entity must be the URI of a schema, not {value!r}")
    return value
