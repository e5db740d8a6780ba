"""`SelfDescribingJson`: data with the URI of its schema."""

from __future__ import annotations

from functools import wraps
from types import MethodDescriptorType

from snowplow_tracker._native import SelfDescribingJson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SelfDescribingJson"]


def _as_function(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    call.__module__ = __name__
    return call


# Python functions, since `unittest.mock` passes the instance only to mocks of Python functions:
# https://docs.python.org/3/library/unittest.mock.html#autospeccing
for _name in ("to_json", "to_string"):
    _method = getattr(SelfDescribingJson, _name)
    if isinstance(_method, MethodDescriptorType):  # the first import of the package
        setattr(SelfDescribingJson, _name, _as_function(_method))
