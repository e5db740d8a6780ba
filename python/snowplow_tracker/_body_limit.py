"""Decides how large a request body may be for a collector that refuses large ones."""

from __future__ import annotations

__all__ = ["MAX_BODY_BYTES", "BodyLimit"]

# A collector takes no body beyond 1,048,576 bytes: it answers 200 and all events are lost.
MAX_BODY_BYTES = 999_999
_TAKEN_BEFORE_GROWTH = 100


class BodyLimit:
    """A bound that each refusal of a body as too large halves.

    It doubles after a hundred bodies that were taken: the refusals of a proxy that was set up
    wrong do not slow down a program for ever.

    Attributes:
        size: The bound, in bytes.
    """

    def __init__(self) -> None:
        self.size = MAX_BODY_BYTES
        self._taken = 0

    def note_refused(self, size: int) -> None:
        """Stay below half of a body of this size."""
        self.size = min(self.size, size // 2)
        self._taken = 0

    def note_taken(self) -> None:
        """Count a body that was taken."""
        if self.size == MAX_BODY_BYTES:
            return
        self._taken += 1
        if self._taken == _TAKEN_BEFORE_GROWTH:
            self._taken = 0
            self.size = min(self.size * 2, MAX_BODY_BYTES)
