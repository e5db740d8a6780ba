"""`Pipeline`: one event through the hooks of a tracker."""

from __future__ import annotations

from _thread import RLock  # green threads do not replace it
from contextvars import ContextVar
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, cast

from snowplow_tracker._hooks.encoding import append_entities, encode_entity
from snowplow_tracker._hooks.event_state import EventState
from snowplow_tracker._hooks.plugins import RAISED, call_hook, log_failure, name_of
from snowplow_tracker._native import clean_fields, count_dropped, event_fields, send_fields
from snowplow_tracker.event_view import EventView
from snowplow_tracker.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._hooks.global_contexts import GlobalContext
    from snowplow_tracker._hooks.plugins import PluginHooks
    from snowplow_tracker._native import TrackerCore

__all__ = ["Pipeline", "own_entities"]

# Held while the hooks of an event run. A context variable, since green threads may switch inside a
# hook; a lock, since tasks and threads that a hook starts inherit the variable, and live longer.
_running: ContextVar[Any] = ContextVar("snowplow_tracker hooks", default=None)

_state_of: Callable[[EventView], EventState] = attrgetter("_state")
_LEAVE_OUT = "its entities are left out"


class HookOwner(Protocol):
    """What the pipeline reads of `Additions`."""

    contexts: tuple[GlobalContext, ...]
    plugins: tuple[PluginHooks, ...]
    before_send: Callable[..., Any] | None
    scope: Any

    def add_scope(self, fields: dict[str, Any], seen: list[Any], tracker: TrackerCore) -> list[str]:
        """See `Additions`."""
        ...


class Pipeline:
    """Runs the hooks of a tracker on its events, on the tracking thread and without a lock."""

    def __init__(self, owner: HookOwner) -> None:
        self._owner = owner

    def track(self, tracker: TrackerCore, event: Any) -> Any:
        """Track an event: see `Additions.track`."""
        running = _running.get()
        if running is not None and running._is_owned():  # noqa: SLF001 - as `threading.Condition`
            return NotImplemented
        run = _Run(self._owner, tracker, event)
        # Encoding may run the program's own code, which may track with hooks.
        view = run.view()
        fields = _inside(run.fields_after_hooks, view)
        result = tracker if isinstance(event, Payload) else None
        if fields is None:
            return result
        send_fields(tracker, dict(fields))
        _inside(run.after, fields)
        return fields.get("eid") if result is None else result


def _inside(work: Callable[..., Any], argument: Any) -> Any:
    """Call a function whose events run no hooks."""
    lock = RLock()
    token = _running.set(lock)
    try:
        with lock:
            return work(argument)
    finally:
        _running.reset(token)


def own_entities(event: Any) -> list[Any]:
    """Return the entities that an event was given."""
    context = getattr(event, "context", None)
    return list(context) if isinstance(context, list | tuple) else []


class _Run:
    """One event."""

    def __init__(self, owner: HookOwner, tracker: TrackerCore, event: Any) -> None:
        self._owner = owner
        self._tracker = tracker
        self._event = event
        self._json_encoder = tracker.json_encoder
        self._seen: list[Any] = []

    def view(self) -> EventView:
        event, tracker, scope = self._event, self._tracker, self._owner.scope
        self._seen = own_entities(event)
        fields, has_scope = event_fields(tracker, event)
        if has_scope and scope is not None:
            current = scope.get(None)
            self._seen += () if current is None else current.all_entities()
        elif scope is not None:
            append_entities(fields, self._owner.add_scope(fields, self._seen, tracker))
        return EventView(
            EventState(fields), getattr(event, "event_subject", None) or tracker.subject
        )

    def fields_after_hooks(self, view: EventView) -> dict[str, Any] | None:
        """Return what is sent, or None if the event is dropped, which is then counted."""
        for plugin in self._owner.plugins:
            if plugin.filter is not None and not self._passes(plugin.filter, view):
                count_dropped(self._tracker, False)
                return None
        for plugin in self._owner.plugins:
            if plugin.before_track is not None:
                call_hook(plugin.before_track, "it is left out", view)
        self._add_entities(view)
        final = self._before_send(view)
        return None if final is None else self._encoded(final)

    def after(self, fields: dict[str, Any]) -> None:
        for plugin in self._owner.plugins:
            if plugin.after_track is not None:
                call_hook(plugin.after_track, "the event was tracked", dict(fields))

    def _passes(self, condition: Callable[..., Any], view: EventView) -> bool:
        passes = call_hook(condition, "the event is tracked", view)
        return passes is RAISED or bool(passes)

    def _add_entities(self, view: EventView) -> None:
        for plugin in self._owner.plugins:
            if plugin.contexts is not None:
                self._add_result(plugin.contexts, view)
        for has_condition in (False, True):
            for context in self._owner.contexts:
                if (context.condition is not None) == has_condition:
                    self._add_context(context, view)

    def _add_context(self, context: GlobalContext, view: EventView) -> None:
        if context.condition is not None:
            selected = call_hook(context.condition, _LEAVE_OUT, view)
            if selected is RAISED or not selected:
                return
        for primitive in context.primitives:
            if primitive.json is None:
                self._add_result(primitive.item, view)
            elif self._is_new(primitive.item):
                _state_of(view).add_entity(primitive.json)

    def _add_result(self, hook: Callable[..., Any], view: EventView) -> None:
        entities = call_hook(hook, _LEAVE_OUT, view)
        if entities is RAISED or entities is None:
            return
        for entity in entities if isinstance(entities, list | tuple) else [entities]:
            if self._is_new(entity):
                json = call_hook(encode_entity, _LEAVE_OUT, entity, self._json_encoder)
                if json is not RAISED:
                    _state_of(view).add_entity(json)

    def _is_new(self, entity: Any) -> bool:
        if any(each is entity for each in self._seen):
            return False
        self._seen.append(entity)
        return True

    def _before_send(self, view: EventView) -> EventView | None:
        """Return the event that is sent, or None, which is counted."""
        hook = self._owner.before_send
        if hook is None:
            return view
        final = call_hook(hook, "THE EVENT IS DROPPED", view)
        if final is not None and final is not RAISED and not isinstance(final, EventView):
            error = TypeError(f"before_send must return an EventView or None: {type(final)!r}")
            log_failure("THE EVENT IS DROPPED: %s", name_of(hook), error)
            final = RAISED
        if final is None or final is RAISED:
            count_dropped(self._tracker, final is RAISED)
            return None
        return cast("EventView", final)

    def _encoded(self, view: EventView) -> dict[str, Any] | None:
        encode = lambda: clean_fields(  # noqa: E731 - named for `call_hook`
            _state_of(view).encoded(bool(self._tracker.encode_base64), self._json_encoder), False
        )
        fields = call_hook(encode, "its event cannot be encoded and IS DROPPED")
        if fields is RAISED:
            count_dropped(self._tracker, True)
            return None
        return cast("dict[str, Any]", fields)
