"""Emitters: they store events, send them to a collector in batches and retry what fails.

Programs import emitters from this module, and patch `time` and `requests` in it.
"""

from __future__ import annotations

import time
from types import FunctionType

from snowplow_tracker._async_emitter import AsyncEmitter
from snowplow_tracker._delivery.settings import (
    DEFAULT_BATCH_SIZE as DEFAULT_MAX_LENGTH,
)
from snowplow_tracker._delivery.settings import (
    METHODS,
    PROTOCOLS,
)
from snowplow_tracker._emitter import Emitter, use_namespace
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._native import PAYLOAD_DATA_SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Any

__all__ = [
    "DEFAULT_MAX_LENGTH",
    "METHODS",
    "PAYLOAD_DATA_SCHEMA",
    "PROTOCOLS",
    "AsyncEmitter",
    "Emitter",
    "FlushTimer",
    "Requester",
    "logger",
    "time",
]

use_namespace(globals())

# Help texts and mocks name the public module, as they do for the classes.
for _kind in (Emitter, AsyncEmitter):
    for _attribute in vars(_kind).values():
        _function = getattr(_attribute, "__func__", _attribute)  # of a static method
        if isinstance(_function, FunctionType):
            _function.__module__ = __name__

# Programs patch `snowplow_tracker.emitters.requests.post`. What is here is slow to import.
if TYPE_CHECKING:
    import requests as requests  # noqa: PLC0414 - exported by that

    from snowplow_tracker._http.client import Requester
    from snowplow_tracker._lifecycle.timer import FlushTimer

    logger: logging.Logger
else:

    def __getattr__(name: str) -> Any:
        if name == "requests":
            import requests  # noqa: PLC0415 - heavy

            return requests
        if name == "logger":
            return find_logger(__name__)
        if name == "Requester":
            from snowplow_tracker._http.client import Requester  # noqa: PLC0415

            return Requester
        if name == "FlushTimer":
            from snowplow_tracker._lifecycle.timer import FlushTimer  # noqa: PLC0415

            return FlushTimer
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
