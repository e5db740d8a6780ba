"""A target that loads a file: by the command of this package, or by a loop of any tracker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import snowplow_tracker
from benches.targets.serve import serve, wall_and_cpu_seconds
from snowplow_tracker import SelfDescribing, SelfDescribingJson, Subject, Tracker

if TYPE_CHECKING:
    from collections.abc import Sequence


def command(url: str, path: str, options: Sequence[str]) -> dict[str, float]:
    """Send a file by `snowplow-tracker send`, and return the seconds of the whole process."""
    program = [sys.executable, "-m", "snowplow_tracker", "send", "-c", url, "--quiet"]
    started = time.perf_counter()
    process = subprocess.Popen([*program, "--dead-letter", os.devnull, *options, path])
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if process.returncode or status:
        raise RuntimeError(f"{program} ended with {os.waitstatus_to_exitcode(status)}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime}


def loop(url: str, path: str, kind: str, events: int) -> dict[str, float]:
    """Send the first records of a file as a program does by hand, with one flush at the end.

    Args:
        url: Of the collector.
        path: A file of NDJSON.
        kind: The class of the emitter.
        events: How many records to send.

    Returns:
        The seconds of reading, tracking and sending.
    """
    emitter = getattr(snowplow_tracker, kind)(url, protocol="http")
    tracker = Tracker("bench", emitter, app_id="shop")

    def work() -> None:
        with Path(path).open() as lines:
            for _, line in zip(range(events), lines, strict=False):
                record = json.loads(line)
                context = [
                    SelfDescribingJson(entity["schema"], entity["data"])
                    for entity in record["entities"]
                ]
                tracker.track(
                    SelfDescribing(
                        SelfDescribingJson(record["schema"], record["data"]),
                        context=context,
                        true_timestamp=record["true_timestamp"],
                        event_subject=Subject().set_user_id(record["subject"]["user_id"]),
                    )
                )
        tracker.flush()

    wall, cpu = wall_and_cpu_seconds(work)
    return {"wall": wall, "cpu": cpu}


if __name__ == "__main__":
    serve({"command": command, "loop": loop})
