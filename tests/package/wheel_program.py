"""Track over loopback HTTP with an installed package; exit status 1 if an event is lost."""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import platform
import sys

import requests

import snowplow_tracker
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Tracker
from snowplow_tracker.collector import CollectorServer

FILM = SelfDescribingJson("iglu:com.example/film/jsonschema/1-0-0", {"title": "Metropolis"})

with CollectorServer(port=0) as collector:
    with Emitter(collector.url) as emitter:
        tracker = Tracker(namespace="wheel", emitters=emitter)
        tracker.track(PageView("https://www.example.com/", context=[FILM]))
        tracker.track(SelfDescribing(FILM))
    counts = requests.get(f"{collector.url}/micro/all", timeout=10).json()

if counts != {"total": 2, "good": 2, "bad": 0}:
    sys.exit(f"expected 2 good events: {counts}")
print(f"CPython {platform.python_version()}, snowplow_tracker {snowplow_tracker.__version__}: good")
