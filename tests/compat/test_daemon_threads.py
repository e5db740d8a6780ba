"""Daemon threads that run the program's code while the interpreter shuts down."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

PROGRAM = """
import sys, threading, time
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Tracker

inside = threading.Event()

def take_a_moment(*_):
    inside.set()
    time.sleep(0.2)
    return "done"

class SlowEnd:
    def __del__(self, sleep=time.sleep):  # the interpreter shuts down meanwhile
        sleep(0.5)

class OwnInput(Emitter):
    input = take_a_moment

class OwnId(Tracker):
    get_uuid = staticmethod(take_a_moment)

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
order = SelfDescribing(SelfDescribingJson(SCHEMA, {"value": object()}))
emitter = Emitter("127.0.0.1:9", protocol="http", exit_timeout=0)
trackers = {
    "input": Tracker("ns", OwnInput("127.0.0.1:9", protocol="http", exit_timeout=0)),
    "get_uuid": OwnId("ns", emitter),
    "json_encoder": Tracker("ns", emitter, json_encoder=take_a_moment),
}
tracker = trackers[sys.argv[1]]
event = order if sys.argv[1] == "json_encoder" else PageView("https://www.example.com/")
threading.Thread(target=tracker.track, args=(event,), daemon=True).start()
inside.wait()
sys.slow_end = SlowEnd()
sys.exit(7)
"""


@pytest.mark.parametrize("where", ["input", "get_uuid", "json_encoder"])
def test_the_exit_status_stays_the_program_s_own(where):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, where], capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 7, done.stderr
