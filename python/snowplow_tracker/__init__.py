"""Track events of a Python program with Snowplow.

A drop-in replacement for `snowplow-tracker`. Encoding, buffering and batching are native code.
"""

from __future__ import annotations

import os

try:
    from snowplow_tracker._native import __version__, default_encoder, register_originals
except ImportError as error:
    from snowplow_tracker._unloadable import explained

    raise explained(error, __path__[0]) from error
from snowplow_tracker._emitter import accept_record
from snowplow_tracker._loggers import find_logger
from snowplow_tracker.contracts import disable_contracts, enable_contracts
from snowplow_tracker.emitters import AsyncEmitter, Emitter
from snowplow_tracker.event_store import InMemoryEventStore
from snowplow_tracker.events import (
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    StructuredEvent,
)
from snowplow_tracker.payload import Payload
from snowplow_tracker.self_describing_json import SelfDescribingJson
from snowplow_tracker.subject import Subject
from snowplow_tracker.tracker import VERSION, Tracker

__all__ = [
    "VERSION",
    "AsyncEmitter",
    "CeleryEmitter",
    "Emitter",
    "EmitterConfiguration",
    "Event",
    "EventStore",
    "EventView",
    "InMemoryEventStore",
    "PagePing",
    "PageView",
    "Payload",
    "RedisEmitter",
    "RedisWorker",
    "Ruleset",
    "SQLiteEventStore",
    "ScreenView",
    "SelfDescribing",
    "SelfDescribingJson",
    "Snowplow",
    "StructuredEvent",
    "Subject",
    "Tracker",
    "TrackerConfiguration",
    "__version__",
    "default_encoder",
    "disable_contracts",
    "enable_contracts",
    "logger",
]

# While nobody can have replaced them yet.
register_originals(Tracker, Emitter, InMemoryEventStore, accept_record)

# A file that only `snowplow-tracker` installs into this folder.
if os.path.exists(f"{__path__[0]}/test/__init__.py"):  # noqa: PTH110 - pathlib is slow to import
    find_logger("snowplow_tracker.emitters").warning(
        "snowplow-tracker and snowplow-tracker-rs are both installed, and share files. Run: "
        "pip uninstall -y snowplow-tracker && "
        "pip install --force-reinstall --no-deps snowplow-tracker-rs"
    )

# Names that few programs use, or that are slow to import, are imported at their first use.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker.celery import CeleryEmitter
    from snowplow_tracker.emitter_configuration import EmitterConfiguration
    from snowplow_tracker.emitters import logger as logger
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.event_view import EventView
    from snowplow_tracker.redis import RedisEmitter, RedisWorker
    from snowplow_tracker.ruleset import Ruleset
    from snowplow_tracker.snowplow import Snowplow
    from snowplow_tracker.sqlite_event_store import SQLiteEventStore
    from snowplow_tracker.tracker_configuration import TrackerConfiguration
else:
    _MODULES = {
        "CeleryEmitter": "celery",
        "EmitterConfiguration": "emitter_configuration",
        "EventView": "event_view",
        "EventStore": "event_store",
        "RedisEmitter": "redis",
        "RedisWorker": "redis",
        "Ruleset": "ruleset",
        "SQLiteEventStore": "sqlite_event_store",
        "Snowplow": "snowplow",
        "TrackerConfiguration": "tracker_configuration",
        "logger": "emitters",
    }
    _SUBMODULES = {*_MODULES.values(), "_version", "typing"}

    def __getattr__(name: str) -> Any:
        from importlib import import_module  # noqa: PLC0415

        if name in _MODULES:
            return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        if name in _SUBMODULES:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES, *_SUBMODULES})
