"""Emitters: they store events, send them to a collector in batches and retry what fails."""

from __future__ import annotations

import logging
import time  # the clock of `stm`, looked up here since programs patch it here
from typing import TYPE_CHECKING, Any

from snowplow_tracker._async_emitter import AsyncEmitter
from snowplow_tracker._emitter import DEFAULT_MAX_LENGTH, METHODS, PROTOCOLS, Emitter, Requester
from snowplow_tracker._native import PAYLOAD_DATA_SCHEMA
from snowplow_tracker._worker import FlushTimer

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

logger = logging.getLogger(__name__)

# Programs patch `snowplow_tracker.emitters.requests.post`; importing that is slow.
if TYPE_CHECKING:
    import requests as requests  # noqa: PLC0414 - exported by that
else:

    def __getattr__(name: str) -> Any:
        if name == "requests":
            import requests  # noqa: PLC0415

            return requests
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
