"""The arguments of `Tracker`, in the order of either earlier version."""

from __future__ import annotations

from snowplow_tracker.contracts import non_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["bind_arguments", "emitters_as_list"]

_ORDER_1X = ("namespace", "emitters", "subject", "app_id", "encode_base64", "json_encoder")
_ORDER_0X = ("emitters", "subject", "namespace", "app_id", "encode_base64", "json_encoder")
_BY_KEYWORD = ("use_scope", "before_send")


def emitters_as_list(emitters: Any) -> list[Any]:
    """Return the emitters as a list: the program's own, if it gave one."""
    if emitters is None or isinstance(emitters, list | tuple):
        non_empty(emitters or (), name="emitters")
    if isinstance(emitters, list):
        return emitters
    return list(emitters) if isinstance(emitters, tuple) else [emitters]


def bind_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments by name, whichever of the two orders the call uses."""
    if len(args) > len(_ORDER_1X):
        raise TypeError(f"Tracker takes at most {len(_ORDER_1X)} arguments: {len(args)} given")
    arguments = dict(zip(_order_of(args), args, strict=False))
    for name, value in kwargs.items():
        if name not in _ORDER_1X and name not in _BY_KEYWORD:
            raise TypeError(f"Tracker has no parameter named {name!r}")
        if name in arguments:
            raise TypeError(f"Tracker got two values for {name!r}")
        arguments[name] = value
    if "emitters" not in arguments:
        raise TypeError("Tracker needs emitters: an emitter or a list of them")
    return arguments


def _order_of(args: tuple[Any, ...]) -> tuple[str, ...]:
    if not args or _is_emitters(args[0]):
        return _ORDER_0X
    is_1x = isinstance(args[0], str) or (len(args) > 1 and _is_emitters(args[1]))
    return _ORDER_1X if is_1x else _ORDER_0X


def _is_emitters(value: Any) -> bool:
    return isinstance(value, list | tuple) or hasattr(value, "input")
