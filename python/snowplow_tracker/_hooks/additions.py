"""`Additions`: what a program has added to one tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._hooks.encoding import (
    append_entities,
    encode_entity,
    in_transport_encoding,
)
from snowplow_tracker._hooks.pipeline import Pipeline, own_entities
from snowplow_tracker._hooks.plugins import PluginHooks
from snowplow_tracker._locks import sections
from snowplow_tracker._native import additions_of, configure_additions

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._hooks.global_contexts import GlobalContext
    from snowplow_tracker._native import TrackerCore

__all__ = ["Additions", "change", "current_scope_variable"]


class Additions:
    """What a program has added to one tracker. It never changes: a change makes another one.

    Attributes:
        contexts: Global contexts, in the order of addition.
        plugins: The hooks of plugins, in the order of addition.
        before_send: The last hook.
        scope: The variable with the current scope; None if the tracker does not read it.
    """

    def __init__(
        self,
        contexts: tuple[GlobalContext, ...] = (),
        plugins: tuple[PluginHooks, ...] = (),
        before_send: Callable[..., Any] | None = None,
        scope: Any = None,
    ) -> None:
        self.contexts = contexts
        self.plugins = plugins
        self.before_send = before_send
        self.scope = scope
        self._static = [
            (primitive.item, primitive.json)
            for context in contexts
            if context.is_static()
            for primitive in context.primitives
            if primitive.json is not None
        ]
        self._pipeline = Pipeline(self)

    def __reduce__(self) -> tuple[Any, ...]:
        plugins = tuple(hooks.plugin for hooks in self.plugins)
        return _restored, (self.contexts, plugins, self.before_send, self.scope is not None)

    def apply(self, tracker: TrackerCore) -> None:
        """Have a tracker use these additions."""
        is_empty = not (self.contexts or self.plugins or self.before_send or self.scope)
        static = [(item, json.encode()) for item, json in self._static]
        configure_additions(
            tracker, None if is_empty else self, self.has_hooks(), self.scope, static
        )

    def has_hooks(self) -> bool:
        """Return whether the program's code runs for each event."""
        return (
            self.before_send is not None
            or any(plugin.sees_events() for plugin in self.plugins)
            or not all(context.is_static() for context in self.contexts)
        )

    def track(self, tracker: TrackerCore, event: Any) -> Any:
        """Track an event through the hooks. Native code calls this.

        Returns:
            What `track` returns, or NotImplemented if a hook tracks the event: then it goes on
            without hooks.
        """
        return self._pipeline.track(tracker, event)

    def complete(self, tracker: TrackerCore, event: Any, fields: Any) -> dict[str, Any]:
        """Return the fields of a payload, which the program has completed, with the additions.

        Native code calls this if there are no hooks.
        """
        completed = dict(fields)
        seen = own_entities(event)
        added = self.add_scope(completed, seen, tracker) if self.scope is not None else []
        added += [json for item, json in self._static if not _contains(seen, item)]
        append_entities(completed, added)
        return in_transport_encoding(completed) if added and tracker.encode_base64 else completed

    def add_scope(self, fields: dict[str, Any], seen: list[Any], tracker: TrackerCore) -> list[str]:
        """Add the fields of the current scope that a payload lacks.

        Args:
            fields: The fields of the payload.
            seen: The entities of the event. Those of the scope are appended.
            tracker: The tracker.

        Returns:
            The JSON of the scope's entities that the event does not have itself.
        """
        scope = self.scope.get(None)
        if scope is None:
            return []
        for name, value in scope.merged_fields().items():
            fields.setdefault(name, value)
        added = []
        for entity in scope.all_entities():
            if not _contains(seen, entity):
                seen.append(entity)
                added.append(encode_entity(entity, tracker.json_encoder))
        return added


def change(tracker: TrackerCore, changed: Callable[[Additions], Additions]) -> None:
    """Change the additions of a tracker. `changed` must wait for nothing."""
    with sections, sections.short:
        while True:
            before = additions_of(tracker)
            after = changed(before or Additions())
            if additions_of(tracker) is before:  # no signal handler has changed them meanwhile
                after.apply(tracker)
                return


def current_scope_variable() -> Any:
    """Return the variable that contains the current scope."""
    from snowplow_tracker._scope import CURRENT  # noqa: PLC0415 - only if a tracker asks for it

    return CURRENT


def _contains(entities: list[Any], entity: Any) -> bool:
    return any(each is entity for each in entities)


def _restored(
    contexts: tuple[GlobalContext, ...], plugins: tuple[Any, ...], before_send: Any, has_scope: bool
) -> Additions:
    scope = current_scope_variable() if has_scope else None
    return Additions(contexts, tuple(map(PluginHooks, plugins)), before_send, scope)
