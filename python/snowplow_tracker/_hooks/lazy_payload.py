"""`LazyPayload`: the fields of an event, whose JSON is decoded when a hook reads it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from snowplow_tracker._hooks.encoding import decode_data, decode_entities

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LazyPayload"]

# The names that decoding removes or adds.
_JSON = frozenset({"data", "entities", "ue_pr", "ue_px", "co", "cx"})
_METHODS_OF_A_FIELD = (
    "__contains__",
    "__delitem__",
    "__getitem__",
    "__setitem__",
    "get",
    "pop",
    "setdefault",
)
_METHODS_OF_ALL = (
    "__eq__",
    "__ior__",
    "__iter__",
    "__len__",
    "__ne__",
    "__or__",
    "__repr__",
    "__reversed__",
    "__ror__",
    "clear",
    "copy",
    "items",
    "keys",
    "popitem",
    "update",
    "values",
)


class LazyPayload(dict[str, Any]):
    """A dict of fields with `data` and `entities` instead of JSON. Copies of it are plain dicts.

    Args:
        fields: The fields, with JSON as text.
    """

    __slots__ = ("_is_decoded",)

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self._is_decoded = False

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def is_decoded(self) -> bool:
        """Return whether JSON was decoded."""
        return self._is_decoded

    def undecoded(self) -> dict[str, Any]:
        """Return a copy with JSON as text, if it was not decoded."""
        return dict(dict.items(self))  # any other way of copying calls `keys`

    def decode(self) -> None:
        """Decode the JSON."""
        if not self._is_decoded:
            self._is_decoded = True
            decode_data(self)
            decode_entities(self)


def _of_a_field(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def method(self: LazyPayload, name: Any, *arguments: Any) -> Any:
        if name in _JSON:
            self.decode()
        return original(self, name, *arguments)

    return method


def _of_all(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def method(self: LazyPayload, *arguments: Any, **fields: Any) -> Any:
        self.decode()
        return original(self, *arguments, **fields)

    return method


for _name in _METHODS_OF_A_FIELD:
    setattr(LazyPayload, _name, _of_a_field(getattr(dict, _name)))
for _name in _METHODS_OF_ALL:
    setattr(LazyPayload, _name, _of_all(getattr(dict, _name)))
