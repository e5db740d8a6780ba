"""What a program may add to a tracker, and switch off: a mixin for `Tracker`."""

from __future__ import annotations

from snowplow_tracker._native import TrackerCore, dropped_events, set_paused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AdditionMethods"]


class AdditionMethods(TrackerCore):
    """Methods of `Tracker` that change what happens to every event."""

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
            `paused`: events tracked while the tracker was paused.
        """
        return {"paused": dropped_events(self)}
