"""The largest request body for a collector that refuses large ones."""

from __future__ import annotations

__all__ = ["MAX_BODY_BYTES", "BodySize"]

# The collector accepts up to 1,048,576 bytes. It answers 200 to a larger body and loses it.
MAX_BODY_BYTES = 999_999
_ACCEPTED_BEFORE_GROWTH = 100


class BodySize:
    """A limit that is halved by each body that is refused as too large (413).

    It doubles again after a hundred accepted bodies, so that a proxy that was misconfigured for
    a while does not slow a program down for ever.

    Attributes:
        limit: The limit in bytes.
    """

    def __init__(self) -> None:
        self.limit = MAX_BODY_BYTES
        self._accepted = 0

    def record_refused(self, size: int) -> None:
        """Stay below half of the size of a refused body."""
        self.limit = min(self.limit, size // 2)
        self._accepted = 0

    def record_accepted(self) -> None:
        """Count an accepted body."""
        if self.limit == MAX_BODY_BYTES:
            return
        self._accepted += 1
        if self._accepted == _ACCEPTED_BEFORE_GROWTH:
            self._accepted = 0
            self.limit = min(self.limit * 2, MAX_BODY_BYTES)
