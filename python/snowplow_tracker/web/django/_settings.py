"""The setting `SNOWPLOW` of a Django project, as options of the middleware."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from snowplow_tracker.web._options import Options

__all__ = ["UserAttribute", "read_options", "read_setting"]

_FUNCTIONS = ("ENTITIES", "REQUEST_FILTER")
_VALUES = (
    "COLLECTOR_COOKIE",
    "COOKIE_PREFIX",
    "COOKIES",
    "HTTP_ENTITY",
    "PAGE_VIEWS",
    "RESPECT_PRIVACY_SIGNALS",
    "TRUST_FORWARDED",
)
_NAMES = frozenset({*_FUNCTIONS, *_VALUES, "TRACKER", "USER_ID"})


class UserAttribute:
    """Reads the id of a user from an attribute of `request.user`.

    Args:
        name: The attribute.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, request: Any) -> Any:
        """Return the id, or None for anonymous users. The first access queries the database."""
        return self._id(getattr(request, "user", None))

    async def in_event_loop(self, request: Any) -> Any:
        """Return the id as `__call__` does, without blocking the event loop."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if not hasattr(request, "auser"):  # before Django 5.0
            return await sync_to_async(self.__call__)(request)
        return self._id(await request.auser())

    def _id(self, user: Any) -> Any:
        return getattr(user, self.name) if getattr(user, "is_authenticated", False) else None


def read_setting() -> Mapping[str, Any]:
    """Return the setting `SNOWPLOW`, which may be missing."""
    setting: Mapping[str, Any] = getattr(settings, "SNOWPLOW", _EMPTY)
    return setting


_EMPTY: Mapping[str, Any] = {}


def read_options(setting: Mapping[str, Any], *, makes_tracker: bool = True) -> Options[Any]:
    """Return the options in a setting.

    Args:
        setting: The value of `SNOWPLOW`.
        makes_tracker: Whether to call the function that returns the tracker. Default True.

    Raises:
        ImproperlyConfigured: It is not valid. The message names the key.
    """
    if not isinstance(setting, Mapping):
        raise ImproperlyConfigured(f"SNOWPLOW must be a dict, not {setting!r}")
    unknown = sorted(map(str, setting.keys() - _NAMES))
    if unknown:
        raise ImproperlyConfigured(
            f"SNOWPLOW[{unknown[0]!r}] is unknown. The keys are {', '.join(sorted(_NAMES))}"
        )
    arguments = {name.lower(): setting[name] for name in _VALUES if name in setting}
    for name in _FUNCTIONS:
        arguments[name.lower()] = _imported(setting, name)
    arguments["user_id"] = _user_id(setting)
    tracker: Any = _imported(setting, "TRACKER")
    is_function = not hasattr(tracker, "track")
    if makes_tracker and is_function and callable(tracker):
        tracker = tracker()
    try:
        if not makes_tracker and is_function:
            _check_function(tracker, has_page_views=bool(arguments.pop("page_views", False)))
            tracker = None
        return Options(tracker, **arguments)
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        raise ImproperlyConfigured(f"SNOWPLOW[{name.upper()!r}] {rest}") from error


def _check_function(tracker: Any, *, has_page_views: bool) -> None:
    if tracker is not None and not callable(tracker):
        raise ValueError(f"tracker must be a Tracker, or a function that returns one: {tracker!r}")
    if tracker is None and has_page_views:
        raise ValueError("page_views needs a tracker")


def _imported(setting: Mapping[str, Any], name: str) -> Any:
    value: Any = setting.get(name)
    if not isinstance(value, str):
        return value
    try:
        return import_string(value)
    except ImportError as error:
        raise ImproperlyConfigured(f"SNOWPLOW[{name!r}] cannot be imported: {error}") from error


def _user_id(setting: Mapping[str, Any]) -> Any:
    value = setting.get("USER_ID", "pk")
    if isinstance(value, str) and "." not in value:
        return UserAttribute(value)
    return _imported(setting, "USER_ID")
