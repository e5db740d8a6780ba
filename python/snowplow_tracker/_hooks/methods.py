"""What the methods of `Tracker` do that add something to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._hooks.additions import Additions, change, current_scope_variable
from snowplow_tracker._hooks.global_contexts import global_contexts, require_hook
from snowplow_tracker._hooks.plugins import PluginHooks, call_hook
from snowplow_tracker._native import additions_of

if TYPE_CHECKING:
    from snowplow_tracker._native import TrackerCore

__all__ = [
    "add_contexts",
    "add_plugin",
    "context_names",
    "remove_all_contexts",
    "remove_contexts",
    "remove_plugin",
    "set_before_send",
    "use_scope",
]


def add_contexts(tracker: TrackerCore, contexts: Any) -> None:
    """See `Tracker.add_global_contexts`."""
    # Before the lock: encoding may run the program's code.
    new = tuple(global_contexts(contexts, tracker.json_encoder))
    names = {context.name for context in new if context.name is not None}

    def changed(old: Additions) -> Additions:
        kept = tuple(
            context
            for context in old.contexts
            if context.name not in names and not any(context.item is each.item for each in new)
        )
        return Additions((*kept, *new), old.plugins, old.before_send, old.scope)

    change(tracker, changed)


def remove_contexts(tracker: TrackerCore, names_or_items: tuple[Any, ...]) -> None:
    """See `Tracker.remove_global_contexts`."""

    def changed(old: Additions) -> Additions:
        kept = tuple(
            context
            for context in old.contexts
            if not any(context.is_called(each) for each in names_or_items)
        )
        return Additions(kept, old.plugins, old.before_send, old.scope)

    change(tracker, changed)


def remove_all_contexts(tracker: TrackerCore) -> None:
    """See `Tracker.clear_global_contexts`."""
    change(tracker, lambda old: Additions((), old.plugins, old.before_send, old.scope))


def context_names(tracker: TrackerCore) -> list[str]:
    """See `Tracker.global_context_names`."""
    additions: Additions | None = additions_of(tracker)
    contexts = () if additions is None else additions.contexts
    return [context.name for context in contexts if context.name is not None]


def add_plugin(tracker: TrackerCore, plugin: Any) -> None:
    """See `Tracker.add_plugin`."""
    hooks = PluginHooks(plugin)

    def changed(old: Additions) -> Additions:
        kept = tuple(each for each in old.plugins if each.plugin is not plugin)
        return Additions(old.contexts, (*kept, hooks), old.before_send, old.scope)

    change(tracker, changed)
    if hooks.activate is not None:
        call_hook(hooks.activate, "the plugin was added", tracker)


def remove_plugin(tracker: TrackerCore, plugin: Any) -> None:
    """See `Tracker.remove_plugin`."""
    removed: list[PluginHooks] = []

    def changed(old: Additions) -> Additions:
        removed[:] = [each for each in old.plugins if each.plugin is plugin]
        kept = tuple(each for each in old.plugins if each.plugin is not plugin)
        return Additions(old.contexts, kept, old.before_send, old.scope)

    change(tracker, changed)
    for hooks in removed:
        if hooks.deactivate is not None:
            call_hook(hooks.deactivate, "the plugin was removed", tracker)


def set_before_send(tracker: TrackerCore, before_send: Any) -> None:
    """Set the last hook of a tracker."""
    hook = require_hook(before_send, "before_send")
    change(tracker, lambda old: Additions(old.contexts, old.plugins, hook, old.scope))


def use_scope(tracker: TrackerCore) -> None:
    """Have a tracker read the current scope."""
    scope = current_scope_variable()
    change(tracker, lambda old: Additions(old.contexts, old.plugins, old.before_send, scope))
