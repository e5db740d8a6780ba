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
        plugins, contexts = owner.plugins, owner.contexts
        self.before_send = owner.before_send
        self.scope = owner.scope
        self.add_scope = owner.add_scope
        self.filters = [each.filter for each in plugins if each.filter is not None]
        self.before_track = [each.before_track for each in plugins if each.before_track is not None]
        self.plugin_contexts = [each.contexts for each in plugins if each.contexts is not None]
        # Unconditional ones come first.
        self.contexts = sorted(contexts, key=lambda context: context.condition is not None)
        self.after_track = [each.after_track for each in plugins if each.after_track is not None]
        self.adds_entities = bool(self.plugin_contexts or self.contexts)

    def track(self, tracker: TrackerCore, event: Any) -> Any:
        """Track an event: see `Additions.track`."""
        running = _running.get()
        if running is not None and running._is_owned():  # noqa: SLF001 - as `threading.Condition`
            return NotImplemented
        run = _Run(self, tracker, event)
        # Encoding may run the program's own code, which may track with hooks.
        view = run.view()
        fields = _inside(run.fields_after_hooks, view)
        result = tracker if isinstance(event, Payload) else None
        if fields is None:
            return result
        event_id = fields.get("eid") if result is None else result
        if self.after_track:
            send_fields(tracker, dict(fields))
            _inside(run.after, fields)
        else:
            send_fields(tracker, fields)
        return event_id


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

    __slots__ = ("_event", "_json_encoder", "_pipeline", "_seen", "_tracker")

    def __init__(self, pipeline: Pipeline, tracker: TrackerCore, event: Any) -> None:
        self._pipeline = pipeline
        self._tracker = tracker
        self._event = event
        self._json_encoder = tracker.json_encoder
        self._seen: list[Any] = []

    def view(self) -> EventView:
        event, tracker, pipeline = self._event, self._tracker, self._pipeline
        scope = pipeline.scope
        fields, is_native = event_fields(tracker, event)  # those of the scope are in native ones
        if scope is not None and not is_native:
            self._seen = own_entities(event)
            append_entities(fields, pipeline.add_scope(fields, self._seen, tracker))
        elif pipeline.adds_entities:
            self._seen = own_entities(event)
            current = None if scope is None else scope.get(None)
            self._seen += () if current is None else current.all_entities()
        subject = getattr(event, "event_subject", None) or tracker.subject
        return EventView(EventState(fields, is_native), subject)

    def fields_after_hooks(self, view: EventView) -> dict[str, Any] | None:
        """Return what is sent, or None if the event is dropped, which is then counted."""
        pipeline = self._pipeline
        for hook in pipeline.filters:
            if not self._passes(hook, view):
                count_dropped(self._tracker, False)
                return None
        for hook in pipeline.before_track:
            call_hook(hook, "it is left out", view)
        for hook in pipeline.plugin_contexts:
            self._add_result(hook, view)
        for context in pipeline.contexts:
            self._add_context(context, view)
        final = view if pipeline.before_send is None else self._before_send(view)
        return None if final is None else self._encoded(final)

    def after(self, fields: dict[str, Any]) -> None:
        for hook in self._pipeline.after_track:
            call_hook(hook, "the event was tracked", dict(fields))

    def _passes(self, condition: Callable[..., Any], view: EventView) -> bool:
        passes = call_hook(condition, "the event is tracked", view)
        return passes is RAISED or bool(passes)

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
        hook: Any = self._pipeline.before_send
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
        fields = call_hook(self._encode, "its event cannot be encoded and IS DROPPED", view)
        if fields is RAISED:
            count_dropped(self._tracker, True)
            return None
        return cast("dict[str, Any]", fields)

    def _encode(self, view: EventView) -> dict[str, Any]:
        state = _state_of(view)
        fields = state.encoded(bool(self._tracker.encode_base64), self._json_encoder)
        return fields if state.is_clean else clean_fields(fields, False)
