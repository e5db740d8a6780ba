"""CPU time that `import snowplow_tracker` adds to a program."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benches.results import BUILDS, OURS, Row, Table
from benches.runner import original

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["import_time"]

BASE = "logging, threading, typing"
THRESHOLD_MS = 5.0
EXPLANATION = (
    "CPU time of a whole interpreter (`python -I`, bytecode cached). The first column imports only "
    f"`{BASE}`, which most programs import anyway; the others import `snowplow_tracker` in "
    "addition. Added time: the difference between this package and the first column."
)


def import_time(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare interpreters that import a tracker with one that imports none."""
    programs = {BASE: f"import {BASE}"}
    folders = {build.name: build.folder for build in baselines.builds}
    for name, folder in (folders | {old: original(old) for old in ("1.1.0", "0.10.0")}).items():
        paths = [str(folder)] if folder else []
        programs[name] = f"import {BASE}, sys; sys.path[:0] = {paths}; import snowplow_tracker"
    milliseconds = dict.fromkeys(programs, float("inf"))
    for _ in range(rounds):
        for name, program in programs.items():
            milliseconds[name] = min(milliseconds[name], _cpu_seconds(program) * 1e3)
    added = {name: milliseconds[name] - milliseconds[BASE] for name in BUILDS if name in programs}
    row = Row("import snowplow_tracker", milliseconds, added, {OURS: THRESHOLD_MS})
    title, ratio = "Import time", "added time, ms"
    yield Table(title, EXPLANATION, "ms", ratio, higher_is_better=False, rows=[row])


def _cpu_seconds(program: str) -> float:
    code = f"{program}; import time; print(time.process_time())"
    finished = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, check=True, text=True
    )
    return float(finished.stdout)
