"""Errors of single records."""

from __future__ import annotations

__all__ = ["RecordError", "UnreadableError"]


class RecordError(ValueError):
    """A record cannot become an event. The message names the key and the reason."""


class UnreadableError(RecordError):
    """A line or row of an input cannot be read.

    Attributes:
        text: The beginning of its text, if there is one. Otherwise empty.
    """

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.text = text
