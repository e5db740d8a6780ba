"""Why a `Sender` accepts no more records."""

from __future__ import annotations

__all__ = ["StoppedError", "UnavailableError"]


class StoppedError(RuntimeError):
    """The sender was stopped or closed."""


class UnavailableError(RuntimeError):
    """The collector has accepted nothing for too long."""
