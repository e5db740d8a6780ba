"""Types and sets of allowed values that the public signatures use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from snowplow_tracker.constants import FORM_NODE_NAMES, FORM_TYPES, SUPPORTED_PLATFORMS

__all__ = [
    "FORM_NODE_NAMES",
    "FORM_TYPES",
    "SUPPORTED_PLATFORMS",
    "ElementClasses",
    "EmitterProtocol",
    "FailureCallback",
    "FormClasses",
    "FormNodeName",
    "HttpProtocol",
    "JsonEncoderFunction",
    "Method",
    "PayloadDict",
    "PayloadDictList",
    "RedisProtocol",
    "SuccessCallback",
    "SupportedPlatform",
    "SupportsInput",
]

PayloadDict = dict[str, Any]
PayloadDictList = list[PayloadDict]
JsonEncoderFunction = Callable[[Any], Any]

FormNodeName = Literal["INPUT", "TEXTAREA", "SELECT"]
ElementClasses = list[str] | tuple[str, Any]
FormClasses = list[str] | tuple[str, Any]

HttpProtocol = Literal["http", "https"]
Method = Literal["get", "post"]
SuccessCallback = Callable[[PayloadDictList], None]
FailureCallback = Callable[[int, PayloadDictList], None]

SupportedPlatform = Literal["pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset"]


class SupportsInput(Protocol):
    """What a tracker requires of an emitter."""

    def input(self, payload: PayloadDict, /) -> object:
        """Take one event, a dict of protocol fields."""


class EmitterProtocol(Protocol):
    """What this package's emitters offer."""

    def input(self, payload: PayloadDict) -> None:
        """Take one event, a dict of protocol fields."""

    def flush(self) -> None:
        """Start sending what is stored."""

    def async_flush(self) -> None:
        """Start sending what is stored."""

    def sync_flush(self) -> None:
        """Send what is stored before returning."""


class RedisProtocol(Protocol):
    """The two Redis commands that `RedisEmitter` and `RedisWorker` use."""

    def rpush(self, name: Any, *values: Any) -> Any:
        """Append values to a list."""

    def lpop(self, name: Any, count: int | None = ...) -> Any:
        """Remove and return the head of a list."""
