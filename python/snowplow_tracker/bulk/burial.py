"""`Burial`: what becomes of records that will never be delivered."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from snowplow_tracker.bulk.report import DeadRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.bulk.outcomes import Refusal
    from snowplow_tracker.bulk.places import Places
    from snowplow_tracker.bulk.store import BulkStore

__all__ = ["Burial"]


class Burial:
    """Counts dead records, and shows each to the program.

    Args:
        on_dead: Called with each. None: they are only counted.
        store: Where the refused ones are.
        places: Where they are from.

    Attributes:
        reasons: How many were dead, by reason.
        unfit: Number of those that became no event.
        refused: Number of the others, which the collector has refused.
    """

    def __init__(
        self, on_dead: Callable[[DeadRecord], object] | None, store: BulkStore, places: Places
    ) -> None:
        self._on_dead = on_dead
        self._store = store
        self._places = places
        self.reasons: Counter[str] = Counter()
        self.unfit = 0
        self.refused = 0

    @property
    def is_seen(self) -> bool:
        """Whether the program looks at dead records."""
        return self._on_dead is not None

    def bury(self, dead: DeadRecord) -> None:
        """Count a record that became no event.

        Raises:
            Exception: What `on_dead` raised. Then the record counts as one that never came.
        """
        self.unfit += 1
        if self._on_dead is not None:
            try:
                self._on_dead(dead)
            except BaseException:
                self.unfit -= 1
                raise
        self.reasons[dead.reason] += 1
        self._places.add_other(dead.place)

    def bury_refused(self) -> None:
        """Count the events that were refused since the last call.

        Raises:
            Exception: What `on_dead` raised. That event and those after it have no outcome yet.
        """
        refusals = self._store.outcomes.refusals
        while refusals:
            refusal = refusals.popleft()
            if self._on_dead is None:
                self._finish(refusal, refusal.first, len(refusal.batch))
            else:
                self._bury_each(refusal, self._on_dead)

    def _bury_each(self, refusal: Refusal, on_dead: Callable[[DeadRecord], object]) -> None:
        number, count = refusal.first, len(refusal.batch)
        try:
            places = self._places.of(number, count)
            for event, place in zip(refusal.batch.events(), places, strict=True):
                on_dead(DeadRecord(refusal.reason, (refusal.error,), event, place))
                self._finish(refusal, number, 1)
                number += 1
        finally:
            if number < refusal.first + count:  # the others have no outcome yet
                left = refusal.batch.part(number - refusal.first, count)
                self._store.outcomes.refusals.appendleft(refusal._replace(first=number, batch=left))

    def _finish(self, refusal: Refusal, first: int, count: int) -> None:
        self.reasons[refusal.reason] += count
        self.refused += count
        self._store.finish_refused(first, count)
