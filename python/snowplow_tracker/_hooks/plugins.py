"""Plugins: objects whose hooks see every event."""

from __future__ import annotations

from sys import exc_info
from typing import TYPE_CHECKING, Any

from snowplow_tracker._hooks.global_contexts import require_hook
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._signals import reraise_if_by_handler

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RAISED", "PluginHooks", "call_hook"]

_NAMES = ("activate", "deactivate", "before_track", "filter", "contexts", "after_track")
_log = RateLimitedLogger(lazy_logger("snowplow_tracker.tracker"))

# What `call_hook` returns if a hook has raised an exception.
RAISED = object()


def call_hook(hook: Callable[..., Any], message: str, *arguments: Any) -> Any:
    """Call a hook. If it raises an exception, log that at most once a minute.

    Args:
        hook: The hook.
        message: What the package does if it raises.
        arguments: Its arguments.
    """
    before = exc_info()[1]
    try:
        return hook(*arguments)
    except Exception as error:  # noqa: BLE001 - it is the program's code
        reraise_if_by_handler(error, before)
        # Not the hook's `repr`, which shows what a partial or a bound method has.
        log_failure(f"A hook raised an exception, {message}: %s", name_of(hook), error)
        return RAISED


def log_failure(message: str, name: str, error: BaseException) -> None:
    """Log an exception at most once a minute."""
    _log.error(message, name, exc_info=error)


def name_of(hook: object) -> str:
    """Return a hook's name for the log."""
    return str(getattr(hook, "__qualname__", type(hook).__name__))


class PluginHooks:
    """The hooks of one plugin; those that it lacks are None.

    Raises:
        ValueError: It has no hook at all, or one that cannot be called.
    """

    def __init__(self, plugin: Any) -> None:
        self.plugin = plugin
        found = {
            name: require_hook(hook, f"the hook {name} of a plugin")
            for name in _NAMES
            if (hook := getattr(plugin, name, None)) is not None
        }
        if not found:
            raise ValueError(f"a plugin must have one of {', '.join(_NAMES)}: {plugin!r}")
        self.activate = found.get("activate")
        self.deactivate = found.get("deactivate")
        self.before_track = found.get("before_track")
        self.filter = found.get("filter")
        self.contexts = found.get("contexts")
        self.after_track = found.get("after_track")

    def sees_events(self) -> bool:
        """Return whether it has to be called for events."""
        return any((self.before_track, self.filter, self.contexts, self.after_track))
