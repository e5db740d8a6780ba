"""A few hundred hostile programs of the long search, and those that once broke the tracker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]

SETUP = """
import codecs, gc
from collections import UserDict
from snowplow_tracker import *
from snowplow_tracker import _native
from snowplow_tracker._stores.record_store import sink_of

events = []

class Inbox:
    def input(self, payload):
        events.append(payload)

class Finaliser:
    def __init__(self, work):
        self.work, self.cycle = work, self

    def __del__(self):
        self.work()

def collect_in(steps, work):
    "Have the garbage collector find a finaliser at the n-th allocation from here."
    gc.collect()
    gc.disable()
    Finaliser(work)
    gc.set_threshold(gc.get_count()[0] + steps)
    gc.enable()

tracker = Tracker("ns", Inbox(), subject := Subject())
view = PageView("u")
"""

DICT_EMPTIED_BY_A_FINALISER = """
def empty():
    data.clear()
    rubble.extend(bytes([255]) * 60 for _ in range(50))

rubble = []
for steps in range(60):
    for end in ("", "\\ud800"):
        data = {f"key {steps} {number} {end}": 2**80 + number for number in range(3)}
        collect_in(steps, empty)
        _native.dumps(data)
"""

DICT_EMPTIED_BY_AN_ERROR_HANDLER = """
def handle(error):
    data.clear()
    rubble.extend(bytes([255]) * 60 for _ in range(50))
    return "?", error.end

rubble = []
codecs.register_error("strict", handle)
for number in range(200):
    data = {f"key {number} {name} \\ud800": [name] for name in "abc"}
    _native.dumps(data)
"""

TRACKED_BY_A_FINALISER = """
buffered = Tracker("ns", Emitter("127.0.0.1:9", batch_size=10**9), subject)
for steps in range(60):
    subject.standard_nv_pairs["ua"] = f"agent {steps} \\ud800"
    collect_in(steps, lambda: buffered.track(view))
    buffered.track(view)
sink_of(buffered.emitters[0].event_store).clear()
"""

CHANGED_BY_A_FINALISER = """
def change(event, name, value):
    return lambda: setattr(event, name, value)

for steps in range(20):
    for looked_at, changed in (("payload", "page_title"), ("context", "context")):
        event = PageView("u")
        collect_in(steps, change(event, changed, ["x"]))
        getattr(event, looked_at)
    event = ScreenView("i", "n")
    collect_in(steps, change(event, "name", "other"))
    event.screen_view_properties
"""

LET_GO_BY_A_TRACKER = """
class Value:
    def __call__(self, unknown):
        return 1

    def __del__(self):
        tracker.track(view)

for name in ("json_encoder", "subject", "encode_base64", "standard_nv_pairs"):
    kept = getattr(tracker, name)
    setattr(tracker, name, Value())
    setattr(tracker, name, kept)
assert len(events) == 4
"""

CHANGED_BY_ITS_FACTS = """
class Facts(UserDict):
    def keys(self):
        tracker.emitters, tracker.subject = list(tracker.emitters), subject
        return super().keys()

tracker.standard_nv_pairs = Facts(tracker.standard_nv_pairs)
tracker.track(view)
assert len(events) == 1
"""

FIRST_USE_BY_A_FINALISER = """
collect_in(STEPS, lambda: tracker.track(view))
tracker.track(view)
tracker.track(ScreenView("i", "n"))
gc.collect()
assert len(events) == 3
"""

PROGRAMS = {
    "dict emptied by a finaliser": DICT_EMPTIED_BY_A_FINALISER,
    "dict emptied by an error handler": DICT_EMPTIED_BY_AN_ERROR_HANDLER,
    "tracked by a finaliser": TRACKED_BY_A_FINALISER,
    "changed by a finaliser": CHANGED_BY_A_FINALISER,
    "let go by a tracker": LET_GO_BY_A_TRACKER,
    "changed by its facts": CHANGED_BY_ITS_FACTS,
    **{
        f"first use by a finaliser, {steps}": FIRST_USE_BY_A_FINALISER.replace("STEPS", str(steps))
        for steps in (0, 1, 3)
    },
}


def run(*arguments: str) -> None:
    """Run Python with freed memory overwritten; it must end by itself, and without a panic."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONMALLOC": "debug"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "anic" not in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_once_broke_it(program):
    run("-c", SETUP + program)


def test_some_hundred_hostile_programs():
    run("-m", "qa.fuzz.campaign", "--programs", "400", "--seconds", "30")
