"""The package imported more than once in a process, as test tools, autodoc and notebooks do."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

START = """
import importlib, signal, sys, warnings
if hasattr(signal, "alarm"):
    signal.alarm(30)
warnings.simplefilter("ignore")
url = sys.argv[1]
import snowplow_tracker as first
def own_modules():
    return [name for name in sys.modules if name.partition(".")[0] == "snowplow_tracker"]
def import_anew():
    for name in own_modules():
        del sys.modules[name]
    return importlib.import_module("snowplow_tracker")
def make(package, kind="Emitter", **settings):
    emitter = getattr(package, kind)(url, **{"batch_size": 1000, **settings})
    return package.Tracker("ns", emitter, package.Subject().set_user_id("u-1"), encode_base64=False)
def track(tracker, package, label):
    return tracker.track(package.StructuredEvent("shop", "add", label))
"""

TWICE = (
    START
    + """
old = make(first)
track(old, first, "held since before")
new = None
for _ in range(3):
    second = import_anew()
    assert second is not first and second.Tracker is not first.Tracker
    new = make(second)
    track(new, second, "new")
    track(new, first, "new tracker, old event")
    track(old, first, "old")
    track(old, second, "old tracker, new event")
    data = second.SelfDescribingJson("iglu:com.example/a/jsonschema/1-0-0", {"se_la": "x"})
    new.track(second.SelfDescribing(data, context=[data]))
    new.track_struct_event("shop", "add", "old method")
    old.track_struct_event("shop", "add", "old method")
    for package, tracker in ((first, old), (second, new)):
        payload = package.Payload({"e": "se", "se_ca": "a", "se_ac": "b", "se_la": "payload"})
        tracker.complete_payload(payload, [], None, None)
    subject = second.Subject()
    built = second.PageView("https://www.example.com").build_payload(True, None, subject)
    assert isinstance(built, second.Payload)
    new.flush()
    assert new.emitters[0].stats()["sent"] == new.emitters[0].stats()["tracked"] == 5
assert old.emitters[0].stats()["queued"] == 13
"""
)

PATCHED = (
    START
    + """
from unittest import mock
old = make(first)
second = import_anew()
new = make(second)
with mock.patch("snowplow_tracker.tracker.time.time", return_value=1):
    track(new, second, "patched time")
with mock.patch("snowplow_tracker.tracker.uuid.uuid4", return_value="an id"):
    assert track(new, second, "patched id") == "an id"
with mock.patch.object(second.Emitter, "input", autospec=True) as input_:
    track(new, second, "patched input")
    assert input_.call_count == 1
with mock.patch.object(first.Emitter, "input", autospec=True) as input_:
    track(old, first, "patched input")
    assert input_.call_count == 1
"""
)

PATCHED_BEFORE = (
    START
    + """
from unittest import mock
calls = []
original = first.Event.build_payload
def build_payload(self, *args, **kwargs):
    calls.append(self)
    return original(self, *args, **kwargs)
with mock.patch.object(first.Event, "build_payload", build_payload):
    second = import_anew()
    track(make(second), second, "patched")
    assert len(calls) == 1, calls
track(make(second), second, "not patched")
assert len(calls) == 1, calls
"""
)

RELOADED = (
    START
    + """
import pkgutil
names = [
    module.name
    for module in pkgutil.walk_packages(first.__path__, "snowplow_tracker.")
    if not {"collector", "redis", "celery", "spark", "_native"} & set(module.name.split("."))
]
assert len(names) > 40
old, count = make(first), 0
for name in [*names, "snowplow_tracker"]:
    importlib.reload(importlib.import_module(name))
    new = make(first)
    track(new, first, "new")
    track(old, first, "old")
    emitters = importlib.import_module("snowplow_tracker.emitters")
    direct = first.Tracker("ns", emitters.Emitter(url, batch_size=1000))
    track(direct, first, "direct")
    for tracker in (new, direct):
        tracker.flush()
        stats = tracker.emitters[0].stats()
        assert stats["sent"] == stats["tracked"] == 1, (name, stats)
    count += 1
    assert old.emitters[0].stats()["queued"] == count, name
asynchronous = make(first, "AsyncEmitter")
track(asynchronous, first, "asynchronous")
asynchronous.flush()
assert asynchronous.emitters[0].stats()["sent"] == 1
print(count)
"""
)

INTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        raise SystemExit("no subinterpreters")
import sys, snowplow_tracker
CODE = '''
import sys
sys.path[:] = {path!r}
try:
    import snowplow_tracker
    snowplow_tracker.Tracker("ns", snowplow_tracker.Emitter("127.0.0.1"))
except ImportError as error:
    assert "interpreter" in str(error), error
'''
result = interpreters.run_string(interpreters.create(), CODE.format(path=sys.path))
assert result is None, result
"""


def run_program(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    if "no subinterpreters" in ended.stderr:
        pytest.skip("this Python has no module for subinterpreters")
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout


def test_each_import_works_and_trackers_of_earlier_ones_go_on(server):
    run_program(TWICE, server.url)
    labels = [event.get("se_la") for request in server.requests for event in request.events]
    assert len(labels) == 13 + 3 * 5
    assert labels.count("held since before") == 1
    assert labels.count("payload") == labels.count("old method") == 6
    users = {event["uid"] for request in server.requests for event in request.events}
    assert users == {"u-1"}


def test_patches_take_effect_after_another_import(server):
    run_program(PATCHED, server.url)
    times = {event["dtm"] for request in server.requests for event in request.events}
    assert "1000" in times


def test_a_method_that_was_patched_at_the_import_counts_as_patched(server):
    run_program(PATCHED_BEFORE, server.url)
    assert sorted(server.labels()) == ["not patched", "patched"]


def test_each_module_may_be_reloaded(server):
    count = int(run_program(RELOADED, server.url))
    assert server.labels().count("old") == count


def test_a_second_interpreter_works_or_says_why_not():
    run_program(INTERPRETER)
