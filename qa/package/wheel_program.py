"""Track over loopback HTTP with an installed package; exit status 1 if an event is lost.

The first program of the package's own description runs as well.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import metadata

import requests

import snowplow_tracker
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Tracker
from snowplow_tracker.collector import CollectorServer

FILM = SelfDescribingJson("iglu:com.example/film/jsonschema/1-0-0", {"title": "Metropolis"})
EXPECTED = {"total": 4, "good": 4, "bad": 0}


def first_program(port: int) -> str:
    """Return the program, for a collector at another port."""
    description = str(metadata("snowplow-tracker-rs")["Description"])
    program = re.search(r"```python\n(.*?)```", description, re.DOTALL)
    if program is None or "port=9090" not in program[1]:
        raise SystemExit("no program for the port 9090 in the description of the package")
    return program[1].replace("port=9090", f"port={port}")


with CollectorServer(port=0) as collector:
    with Emitter(collector.url) as emitter:
        tracker = Tracker(namespace="wheel", emitters=emitter)
        tracker.track(PageView("https://www.example.com/", context=[FILM]))
        tracker.track(SelfDescribing(FILM))
    exec(first_program(collector.port), {})
    counts = requests.get(f"{collector.url}/micro/all", timeout=10).json()

if counts != EXPECTED:
    sys.exit(f"expected {EXPECTED}: {counts}")
print(f"CPython {platform.python_version()}, snowplow_tracker {snowplow_tracker.__version__}: good")
