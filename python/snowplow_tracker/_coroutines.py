"""Whether what a program passes must be awaited."""

from __future__ import annotations

import inspect

__all__ = ["is_asynchronous"]


def is_asynchronous(function: object) -> bool:
    """Return whether the result of a function, or of an object with `__call__`, is a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004 - its kind matters
    )
