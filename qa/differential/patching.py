"""Replaces parts of the original package while one program runs."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from contextlib import ExitStack
from functools import wraps
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Patching"]

_PACKAGE = "snowplow_tracker"


class Patching(ExitStack):
    """Puts replacements in place, and everything back as it was when it ends."""

    @property
    def is_0x(self) -> bool:
        """Whether the package is of version 0.x, which has no event classes."""
        return importlib.util.find_spec(f"{_PACKAGE}.events") is None

    def module(self, name: str) -> Any:
        """Return a module of the package."""
        return importlib.import_module(f"{_PACKAGE}.{name}")

    @property
    def tracker(self) -> Any:
        """The class `Tracker`."""
        return self.module("tracker").Tracker

    def put(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute."""
        self.enter_context(mock.patch.object(owner, name, value))

    def wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        """Replace a method or function by `wrapper(original, *arguments)`."""
        call: Any = _wrapped(getattr(owner, name), wrapper)
        is_static = isinstance(inspect.getattr_static(owner, name), staticmethod)
        self.put(owner, name, staticmethod(call) if is_static else call)

    def wrap_check(self, name: str, wrapper: Callable[..., Any]) -> None:
        """Replace a function of `contracts` wherever it has been imported."""
        check = getattr(self.module("contracts"), name)
        call = _wrapped(check, wrapper)
        for module_name, module in list(sys.modules.items()):
            if module_name.startswith(_PACKAGE) and getattr(module, name, None) is check:
                self.put(module, name, call)

    def wrap_fields(self, mend: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change the fields of each payload that is complete."""

        def mended(payload: Any) -> Any:
            payload.nv_pairs = mend(payload.nv_pairs)
            return payload

        def track(method: Any, tracker: Any, payload: Any) -> Any:
            return method(tracker, mended(payload))

        def complete(method: Any, tracker: Any, event: Any) -> Any:
            return mended(method(tracker, event))

        if self.is_0x:
            self.wrap(self.tracker, "track", track)
        else:
            self.wrap(self.tracker, "complete_payload", complete)

    def wrap_dumps(self, wrapper: Callable[..., str]) -> None:
        """Replace `json.dumps` where the package calls it."""
        for name in ("payload", "self_describing_json"):
            dumps = _wrapped(self.module(name).json.dumps, wrapper)
            self.put(self.module(name), "json", SimpleNamespace(dumps=dumps))


def _wrapped(original: Callable[..., Any], wrapper: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    return call
