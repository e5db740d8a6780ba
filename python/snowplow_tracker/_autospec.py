"""Wrap native methods in Python functions, for mocks made with `autospec`.

`unittest.mock` passes the instance to the mock of a method only if the method is a Python
function: https://docs.python.org/3/library/unittest.mock.html#autospeccing
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["wrap_native_methods"]


def wrap_native_methods(cls: type, *names: str, module: str) -> None:
    """Replace native methods of a class by Python functions that call them.

    Args:
        cls: The class.
        names: Names of the methods.
        module: The public module of the class, which the functions name as theirs.
    """
    for name in names:
        function = _wrap(getattr(cls, name))
        function.__module__ = module
        setattr(cls, name, function)


def _wrap(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call
