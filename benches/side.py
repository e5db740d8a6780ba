"""One side of a comparison: a process with one of the packages, which does rounds on request.

Reads lines `round CASE EMITTER` and answers with CPU seconds an event; `payload CASE` answers with
the fields that the case makes, as JSON.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from typing import Any

from cases import CASES

from snowplow_tracker import Emitter, Tracker

EVENTS = 2_000


class InputOnly:
    """A custom emitter: the least that a tracker takes."""

    def __init__(self) -> None:
        self.payload: dict[str, Any] = {}

    def input(self, payload: dict[str, Any]) -> None:
        self.payload = payload


def post_emitter() -> Emitter:
    """Return an emitter whose batch is never full."""
    return Emitter("127.0.0.1", protocol="http", batch_size=10**9, buffer_capacity=10**9)


def make_tracker(emitter: Any) -> Tracker:
    return Tracker(namespace="bench", emitters=emitter, app_id="shop")


def cpu_seconds(case: str, emitter: str) -> float:
    tracker = make_tracker(post_emitter() if emitter == "post" else InputOnly())
    track = CASES[case]
    gc.collect()
    gc.freeze()
    started = time.process_time()
    for _ in range(EVENTS):
        track(tracker)
    return (time.process_time() - started) / EVENTS


def payload(case: str) -> dict[str, Any]:
    inbox = InputOnly()
    CASES[case](make_tracker(inbox))
    return inbox.payload


def main() -> None:
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        command, *arguments = line.rstrip("\n").split("\t")
        answer: object = cpu_seconds(*arguments) if command == "round" else payload(*arguments)
        print(json.dumps(answer), flush=True)
    os._exit(0)  # what the rounds have buffered is nobody's


main()
