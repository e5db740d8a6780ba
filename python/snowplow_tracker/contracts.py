"""Value checks. Each raises a ValueError that names the parameter, unless they are disabled."""

from __future__ import annotations

from snowplow_tracker._native import contracts_enabled as _native_contracts_enabled
from snowplow_tracker._native import set_contracts_enabled
from snowplow_tracker.constants import FORM_NODE_NAMES, FORM_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sized
    from typing import Any

__all__ = [
    "contracts_enabled",
    "disable_contracts",
    "enable_contracts",
    "form_element",
    "greater_than",
    "non_empty",
    "non_empty_string",
    "one_of",
    "satisfies",
]


def disable_contracts() -> None:
    """Disable all value checks in the whole process."""
    set_contracts_enabled(False)


def enable_contracts() -> None:
    """Enable all value checks in the whole process. They are enabled by default."""
    set_contracts_enabled(True)


def contracts_enabled() -> bool:
    """Return whether values are checked."""
    return _native_contracts_enabled()


def non_empty(seq: Sized, *, name: str = "value") -> None:
    """Raise ValueError if `seq` is empty, or has no length."""
    if contracts_enabled() and not _has_items(seq):
        raise ValueError(f"{name} is empty.")


def non_empty_string(s: str, *, name: str = "value") -> None:
    """Raise ValueError if `s` is empty, or is not a `str`."""
    if contracts_enabled() and not (isinstance(s, str) and s):
        raise ValueError(f"{name} is empty.")


def one_of(value: Any, supported: Container[Any], *, name: str = "value") -> None:
    """Raise ValueError if `value` is not in `supported`."""
    if contracts_enabled() and not _contains(supported, value):
        raise ValueError(f"{name} is not supported.")


def greater_than(value: float, compared_to: float, *, name: str = "value") -> None:
    """Raise ValueError if `value` is not a number greater than `compared_to`."""
    if contracts_enabled() and not _exceeds(value, compared_to):
        raise ValueError(f"{name} must be greater than {compared_to}.")


def satisfies(value: Any, check: Callable[[Any], bool], *, name: str = "value") -> None:
    """Raise ValueError if `check(value)` is false."""
    if contracts_enabled() and not check(value):
        raise ValueError(f"{name} is not allowed.")


def form_element(element: dict[str, Any], *, name: str = "value") -> None:
    """Raise ValueError if `element` is not a form element.

    A form element is a dict with `name`, `value`, a `nodeName` from `FORM_NODE_NAMES`, and
    optionally a `type` from `FORM_TYPES`, whose case is ignored.
    """
    satisfies(element, _is_form_element, name=name)


def _is_form_element(element: Any) -> bool:
    return (
        isinstance(element, dict)
        and element.keys() >= {"name", "value", "nodeName"}
        and _contains(FORM_NODE_NAMES, element["nodeName"])
        and ("type" not in element or _is_form_type(element["type"]))
    )


def _is_form_type(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in FORM_TYPES


def _has_items(seq: Any) -> bool:
    try:
        return len(seq) > 0
    except TypeError:
        return False


def _contains(supported: Container[Any], value: Any) -> bool:
    try:
        return value in supported
    except TypeError:  # unhashable
        return False


def _exceeds(value: Any, compared_to: float) -> bool:
    try:
        return bool(value > compared_to)
    except TypeError:
        return False
