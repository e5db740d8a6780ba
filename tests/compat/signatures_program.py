"""Prints the signatures of the `snowplow_tracker` in a given folder, as JSON."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def modules() -> Iterator[ModuleType]:
    package = importlib.import_module("snowplow_tracker")
    for found in pkgutil.walk_packages(package.__path__, "snowplow_tracker."):
        if ".test." not in found.name:
            yield importlib.import_module(found.name)


def own_names(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        is_own = getattr(value, "__module__", None) == module.__name__
        if is_own and not name.startswith("_") and callable(value):
            yield f"{module.__name__}.{name}", value


def callables() -> Iterator[tuple[str, Any]]:
    for module in modules():
        for path, value in own_names(module):
            yield path, value
            if inspect.isclass(value):
                names = [name for name in dir(value) if not name.startswith("_")]
                yield from ((f"{path}.{name}", getattr(value, name)) for name in names)


def parameters(value: Any) -> list[tuple[str, str, str]] | None:
    """Name, kind and default of each parameter; None for what is no function and no class."""
    if not callable(value):
        return None
    return [
        (parameter.name, parameter.kind.name, default(parameter.default))
        for parameter in inspect.signature(value).parameters.values()
    ]


def default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return "required"
    return (
        repr(value) if isinstance(value, str | int | float | dict | None) else type(value).__name__
    )


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    print(json.dumps({path: parameters(value) for path, value in callables()}))  # noqa: T201
