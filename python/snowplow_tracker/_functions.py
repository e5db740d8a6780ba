"""Native methods as Python functions: mocks made with `autospec` bind no others to their object."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["as_functions"]


def as_functions(cls: type, *names: str) -> None:
    """Put a Python function in the place of each of a class's native methods."""
    for name in names:
        setattr(cls, name, _as_function(getattr(cls, name)))


def _as_function(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call
