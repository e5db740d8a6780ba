"""Every public name of versions 0.x and 1.x can be imported; the import is silent and light."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snowplow_tracker

NAMES = {
    "tracker": "Tracker VERSION DEFAULT_ENCODE_BASE64 BASE_SCHEMA_PATH MOBILE_SCHEMA_PATH"
    " SCHEMA_TAG CONTEXT_SCHEMA UNSTRUCT_EVENT_SCHEMA ContextArray time uuid",
    "constants": "VERSION DEFAULT_ENCODE_BASE64 BASE_SCHEMA_PATH MOBILE_SCHEMA_PATH SCHEMA_TAG"
    " CONTEXT_SCHEMA UNSTRUCT_EVENT_SCHEMA ContextArray",
    "subject": "Subject DEFAULT_PLATFORM",
    "self_describing_json": "SelfDescribingJson",
    "payload": "Payload",
    "events": "Event PageView PagePing SelfDescribing StructuredEvent ScreenView",
    "events.event": "Event",
    "events.page_view": "PageView",
    "events.page_ping": "PagePing",
    "events.self_describing": "SelfDescribing",
    "events.structured_event": "StructuredEvent",
    "events.screen_view": "ScreenView",
    "emitters": "Emitter AsyncEmitter logger DEFAULT_MAX_LENGTH PAYLOAD_DATA_SCHEMA PROTOCOLS"
    " METHODS Requester FlushTimer requests time",
    "event_store": "EventStore InMemoryEventStore",
    "snowplow": "Snowplow",
    "emitter_configuration": "EmitterConfiguration",
    "tracker_configuration": "TrackerConfiguration",
    "contracts": "disable_contracts enable_contracts contracts_enabled non_empty non_empty_string"
    " one_of greater_than satisfies form_element",
    "_version": "__version__ __version_info__ __build_version__",
    "typing": "PayloadDict PayloadDictList JsonEncoderFunction FORM_NODE_NAMES FORM_TYPES"
    " SUPPORTED_PLATFORMS FormNodeName ElementClasses FormClasses HttpProtocol Method"
    " SuccessCallback FailureCallback SupportedPlatform EmitterProtocol RedisProtocol",
    "redis": "RedisEmitter RedisWorker",
    "redis.redis_emitter": "RedisEmitter",
    "redis.redis_worker": "RedisWorker",
    "celery": "CeleryEmitter",
    "celery.celery_emitter": "CeleryEmitter",
}
TOP = """Tracker VERSION Subject SelfDescribingJson Payload Event PageView PagePing SelfDescribing
    StructuredEvent ScreenView Emitter AsyncEmitter logger EventStore InMemoryEventStore Snowplow
    EmitterConfiguration TrackerConfiguration disable_contracts enable_contracts __version__
    RedisEmitter RedisWorker CeleryEmitter"""
HEAVY = {"requests", "urllib3", "asyncio", "sqlite3", "dataclasses", "uuid", "decimal", "inspect"}
HEAVY |= {"redis", "celery", "json", "queue", "random", "hashlib", "urllib.parse"}
PAIRS = [(module, name) for module, names in NAMES.items() for name in names.split()]


@pytest.mark.parametrize(("module", "name"), PAIRS)
def test_a_name_is_importable_from_its_module(module, name):
    assert hasattr(importlib.import_module(f"snowplow_tracker.{module}"), name)


@pytest.mark.parametrize("name", TOP.split())
def test_a_name_is_importable_from_the_package_and_listed(name):
    assert hasattr(snowplow_tracker, name)
    assert name in snowplow_tracker.__all__


@pytest.mark.parametrize("module", NAMES)
def test_a_module_lists_its_names_in_order(module):
    loaded = importlib.import_module(f"snowplow_tracker.{module}")
    names = loaded.__all__
    assert len(set(names)) == len(names)
    assert all(hasattr(loaded, name) for name in names)
    kinds = [0 if name.isupper() else 1 if name[0].isupper() else 2 for name in names]
    assert sorted(zip(kinds, names, strict=True)) == list(zip(kinds, names, strict=True))


@pytest.mark.parametrize(
    ("name", "module"),
    [(name, module) for module, name in PAIRS if module not in {"tracker", "_version", "typing"}],
)
def test_a_name_is_one_thing_wherever_it_comes_from(name, module):
    if name in snowplow_tracker.__all__:
        loaded = importlib.import_module(f"snowplow_tracker.{module}")
        assert getattr(loaded, name) is getattr(snowplow_tracker, name)


def test_the_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", snowplow_tracker.__version__)
    version = tuple(int(part) for part in snowplow_tracker.__version__.split("."))
    assert version >= (0, 13, 0)
    assert f"py-rs-{snowplow_tracker.__version__}" == snowplow_tracker.VERSION


def test_loggers_are_named_after_their_modules():
    assert snowplow_tracker.logger.name == "snowplow_tracker.emitters"


def in_a_fresh_interpreter(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


def test_every_name_is_listed_before_it_is_used():
    names = {*snowplow_tracker.__all__, *(module.partition(".")[0] for module in NAMES)}
    done = in_a_fresh_interpreter("import snowplow_tracker; print(*dir(snowplow_tracker))")
    assert names <= set(done.stdout.split())


def test_the_submodules_are_reachable_after_importing_the_package():
    checks = "; ".join(f"snowplow_tracker.{module}" for module in NAMES)
    in_a_fresh_interpreter(f"import snowplow_tracker; {checks}")


def test_importing_is_silent_and_configures_no_logging():
    done = in_a_fresh_interpreter(
        "import logging, snowplow_tracker\n"
        "named = [logging.getLogger(name) for name in logging.root.manager.loggerDict]\n"
        "assert logging.root.level == logging.WARNING\n"
        "assert not any(logger.handlers or logger.level for logger in named)\n"
        "assert not logging.root.handlers\n"
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_importing_loads_nothing_heavy():
    # The standard library's own modules import some of them, in later Pythons.
    needed = "import logging, sys, threading, typing; before = set(sys.modules)"
    done = in_a_fresh_interpreter(
        f"{needed}; import snowplow_tracker; print(*{{*sys.modules}} - before)"
    )
    assert not HEAVY & set(done.stdout.split())


# Each takes as long to import as several modules of this package.
LATER = (
    "asyncio collections.abc contextlib copy dataclasses enum inspect json logging math random re"
    " signal socket string tokenize traceback typing uuid warnings weakref"
)


def modules_after(statement: str) -> set[str]:
    folder = str(Path(snowplow_tracker.__file__).parents[1])
    program = f"import sys; sys.path.append({folder!r}); {statement}; print(*sys.modules)"
    # Without `site`, whose files may import anything.
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return {*done.stdout.split()}


def test_importing_loads_no_module_that_is_slow_and_can_wait():
    loaded = modules_after("import snowplow_tracker")
    assert "snowplow_tracker.tracker" in loaded
    # In later Pythons, `threading` imports some of them itself.
    assert loaded & {*LATER.split()} <= modules_after("import threading")
