"""The page on configuration lists every setting, what accepts it and its default."""

from __future__ import annotations

import inspect
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.docs.named_tests import ROOT

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    EmitterConfiguration,
    InMemoryEventStore,
    Snowplow,
    SQLiteEventStore,
)
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
SHUTDOWN = (ROOT / "docs" / "guides" / "shutdown.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", SHUTDOWN, re.DOTALL)
PLACES: dict[str, Callable[..., object]] = {
    "E": Emitter,
    "A": AsyncEmitter,
    "C": EmitterConfiguration,
    "S": Snowplow.create_tracker,
    "`InMemoryEventStore`": InMemoryEventStore,
    "`SQLiteEventStore`": SQLiteEventStore,
}
NO_SETTINGS = {"namespace", "app_id", "subject", "tracker_config", "emitter_config"}


def listed() -> dict[tuple[str, str], str]:
    """Each setting of a place, with its default as it is written."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]*\| ([^|]+) \|", PAGE, re.MULTILINE)
    settings = {}
    for name, places, default in rows:
        for place in places.split():
            own = re.search(rf"\b{place} `([^`]+)`", default) if place in "EACS" else None
            settings[place, name] = own[1] if own else default.strip("`")
    return settings


def given(place: str) -> dict[str, str]:
    """Each parameter of a place, with its default."""
    parameters = inspect.signature(PLACES[place]).parameters.values()
    return {
        each.name: "required" if each.default is each.empty else repr(each.default)
        for each in parameters
        if each.name not in NO_SETTINGS
    }


@pytest.mark.parametrize("place", PLACES)
def test_the_tables_have_every_parameter_with_its_default(place):
    written = {name: default for (where, name), default in listed().items() if where == place}
    assert written == given(place)


def test_a_configuration_has_every_setting_of_an_emitter_as_a_property():
    to_the_tracker = {"endpoint", "protocol", "port", "method", "buffer_size"}
    settings = given("E").keys() - to_the_tracker
    assert settings == given("C").keys()
    assert all(isinstance(getattr(EmitterConfiguration, name), property) for name in settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("when_full", "block"), ("block_timeout", 1.5), ("exit_timeout", 2.5), ("batch_size", 3)],
)
def test_a_configured_setting_reaches_the_emitter(name: str, value: Any):
    config = EmitterConfiguration(**{name: value})
    tracker = Snowplow.create_tracker("configured", "127.0.0.1:9", emitter_config=config)
    Snowplow.reset()
    [emitter] = tracker.emitters
    assert getattr(emitter, name) == value


def test_a_wrong_when_full_is_refused_at_once():
    with pytest.raises(ValueError, match='when_full must be "refuse" or "block"'):
        EmitterConfiguration(when_full="wait")  # type: ignore[arg-type]


TERMINATED = """
import sys
from snowplow_tracker import Emitter, StructuredEvent, Tracker
emitter = Emitter(sys.argv[1])
tracker = Tracker("ns", emitter)
tracker.track(StructuredEvent("shop", "add", "a"))
{lines}
import os, signal
os.kill(os.getpid(), signal.SIGTERM)
signal.pause()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_the_lines_for_sigterm_deliver_what_is_in_memory():
    [example] = [example for example in EXAMPLES if "SIGTERM" in example]
    [lines] = [line for line in example.splitlines() if "SIGTERM" in line]
    with CollectorServer(port=0) as collector:
        for text, code, events in [("", -signal.SIGTERM, 0), (lines, -signal.SIGTERM, 1)]:
            command = [sys.executable, "-c", TERMINATED.format(lines=text), collector.url]
            assert subprocess.run(command, timeout=20, check=False).returncode == code
            assert collector.journal.counts()["good"] == events
