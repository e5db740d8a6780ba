"""What a program may add to a tracker, and switch off: a mixin for `Tracker`."""

from __future__ import annotations

from snowplow_tracker._native import (
    TrackerCore,
    additions_of,
    disable_tracker,
    dropped_events,
    set_paused,
    silence_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

    from snowplow_tracker.event_view import GlobalContexts

__all__ = ["AdditionMethods"]


class AdditionMethods(TrackerCore):
    """Methods of `Tracker` that change what happens to every event."""

    def add_global_contexts(self, contexts: GlobalContexts) -> Self:
        """Add entities to every event from now on, or to those that are selected.

        A context is a `SelfDescribingJson`, or a function that is called with an `EventView` and
        returns one, a list of them, or None. A pair has a condition first: a function that is
        called with an `EventView` and returns a bool, or a `Ruleset`; then one context, or a list.

        A `SelfDescribingJson` is encoded now, once: later changes of its data have no effect.

        Args:
            contexts: A list of contexts, or a mapping of names to contexts. A name or an object
                that was added before is replaced.

        Raises:
            ValueError: A context has none of these forms, or a `Ruleset` that selects nothing.
            TypeError: JSON does not support the data of a `SelfDescribingJson`.
        """
        _hooks().add_contexts(self, contexts)
        return self

    def remove_global_contexts(self, *names_or_contexts: Any) -> Self:
        """Remove global contexts by their names, or by the objects that were added."""
        _hooks().remove_contexts(self, names_or_contexts)
        return self

    def clear_global_contexts(self) -> Self:
        """Remove all global contexts."""
        _hooks().remove_all_contexts(self)
        return self

    def global_context_names(self) -> list[str]:
        """Return the names of the global contexts that have one."""
        names: list[str] = _hooks().context_names(self)
        return names

    def add_plugin(self, plugin: object) -> Self:
        """Have the hooks of a plugin called for every event from now on.

        Args:
            plugin: An object with at least one of these methods: `activate(tracker)` and
                `deactivate(tracker)`, called when it is added and removed; `filter(view)`, which
                returns False to drop an event; `before_track(view)`, which may change it;
                `contexts(view)`, which returns entities for it; `after_track(payload)`.

        Raises:
            ValueError: It has none of these methods, or one of them is async.
        """
        _hooks().add_plugin(self, plugin)
        return self

    def remove_plugin(self, plugin: object) -> Self:
        """Remove a plugin."""
        _hooks().remove_plugin(self, plugin)
        return self

    def pause(self) -> Self:
        """Drop the events that are tracked from now on, until `resume`. `stats` counts them.

        What was tracked before is delivered as usual. `track` returns None meanwhile.
        """
        set_paused(self, True)
        return self

    def resume(self) -> Self:
        """Track again after `pause`.

        A tracker that `SNOWPLOW_TRACKER_DISABLED` has silenced stays silent.
        """
        set_paused(self, False)
        return self

    def stats(self) -> dict[str, int]:
        """Return how many events this tracker did not pass to its emitters, by the reason.

        `Emitter.stats` says what became of the others.

        Returns:
            `paused`: tracked while the tracker was paused. `filtered`: dropped by a filter of a
            plugin or by `before_send`. `failed`: dropped since `before_send` raised an exception,
            or since what it returned cannot be encoded.
        """
        return dict(zip(("paused", "filtered", "failed"), dropped_events(self), strict=True))


# In the state of a copy or pickle of a tracker.
_SILENCE, _ADDITIONS = "_Tracker__silence", "_Tracker__additions"


def add_from_arguments(tracker: TrackerCore, arguments: dict[str, Any]) -> None:
    """Add what the constructor of a tracker was given, if anything."""
    if arguments.get("before_send") is not None:
        _hooks().set_before_send(tracker, arguments["before_send"])
    if arguments.get("use_scope"):
        _hooks().use_scope(tracker)


def disable_if_asked(tracker: TrackerCore) -> None:
    """Silence a tracker for ever if the user of the program has asked for it."""
    from snowplow_tracker._disabled import announce, is_disabled  # noqa: PLC0415 - rarely needed

    if is_disabled():
        disable_tracker(tracker)
        announce()


def added_state(tracker: TrackerCore) -> dict[str, Any]:
    """Return what distinguishes a tracker from an ordinary one, for pickle and copy."""
    silence, additions = silence_of(tracker), additions_of(tracker)
    state = {_SILENCE: silence} if any(silence) else {}
    return state if additions is None else {**state, _ADDITIONS: additions}


def restore_added(tracker: TrackerCore, name: str, value: Any) -> bool:
    """Restore an item of `added_state`. Returns False if it is none."""
    if name == _ADDITIONS:
        value.apply(tracker)
    elif name == _SILENCE:
        is_paused, is_disabled = value
        set_paused(tracker, is_paused)
        if is_disabled:
            disable_tracker(tracker)
    else:
        return False
    return True


def _hooks() -> Any:
    from snowplow_tracker._hooks import methods  # noqa: PLC0415 - few programs need it

    return methods
