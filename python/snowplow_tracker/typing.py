"""Types, and sets of allowed values, of the public signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol

from snowplow_tracker.constants import FORM_NODE_NAMES, FORM_TYPES, SUPPORTED_PLATFORMS

__all__ = [
    "FORM_NODE_NAMES",
    "FORM_TYPES",
    "SUPPORTED_PLATFORMS",
    "CustomHeaders",
    "DataclassInstance",
    "ElementClasses",
    "EmitterProtocol",
    "FailureCallback",
    "FormClasses",
    "FormNodeName",
    "HttpProtocol",
    "JsonData",
    "JsonEncoderFunction",
    "Method",
    "PayloadDict",
    "PayloadDictList",
    "RedisProtocol",
    "SuccessCallback",
    "SupportedPlatform",
    "SupportsInput",
]


class DataclassInstance(Protocol):
    """An instance of a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


PayloadDict = dict[str, Any]
PayloadDictList = list[PayloadDict]
# The data of a self-describing JSON. A TypedDict is a Mapping.
JsonData = Mapping[str, Any] | list[Any] | tuple[Any, ...] | DataclassInstance | None
JsonEncoderFunction = Callable[[Any], Any]

FormNodeName = Literal["INPUT", "TEXTAREA", "SELECT"]
ElementClasses = list[str] | tuple[str, Any]
FormClasses = list[str] | tuple[str, Any]

HttpProtocol = Literal["http", "https"]
Method = Literal["get", "post"]
# Headers of each request, or a function that is called for those of the next request.
CustomHeaders = Mapping[str, str] | Callable[[], Mapping[str, str]]
SuccessCallback = Callable[[PayloadDictList], None]
FailureCallback = Callable[[int, PayloadDictList], None]

SupportedPlatform = Literal["pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset"]


class SupportsInput(Protocol):
    """The methods that a tracker requires of an emitter."""

    def input(self, payload: PayloadDict, /) -> object:
        """Accept one event, a dict of protocol fields."""


class EmitterProtocol(Protocol):
    """The methods of this package's emitters."""

    def input(self, payload: PayloadDict) -> None:
        """Accept one event, a dict of protocol fields."""

    def flush(self) -> None:
        """Start sending the stored events."""

    def async_flush(self) -> None:
        """Start sending the stored events."""

    def sync_flush(self) -> None:
        """Send the stored events, then return."""


class RedisProtocol(Protocol):
    """The two Redis commands that `RedisEmitter` and `RedisWorker` use."""

    def rpush(self, name: Any, *values: Any) -> Any:
        """Append values to a list."""

    def lpop(self, name: Any, count: int | None = ...) -> Any:
        """Remove and return the first value of a list."""
