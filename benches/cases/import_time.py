"""What the import costs a program that has the commonest modules of the standard library."""

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
MORE_MS = 5.0


def import_time(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare the CPU time of whole interpreters, isolated (`-I`), by turns."""
    programs = {BASE: f"import {BASE}"}
    folders = {build.name: build.folder for build in baselines.builds}
    for name, folder in (folders | {old: original(old) for old in ("1.1.0", "0.10.0")}).items():
        paths = [str(folder)] if folder else []
        programs[name] = f"import {BASE}, sys; sys.path[:0] = {paths}; import snowplow_tracker"
    milliseconds = dict.fromkeys(programs, float("inf"))
    for _ in range(rounds):
        for name, program in programs.items():
            milliseconds[name] = min(milliseconds[name], _cpu_seconds(program) * 1e3)
    more = {name: milliseconds[name] - milliseconds[BASE] for name in BUILDS if name in programs}
    row = Row("import snowplow_tracker", milliseconds, more, {OURS: MORE_MS})
    yield Table("import", "ms", "ms more than the base", is_floor=False, rows=[row])


def _cpu_seconds(program: str) -> float:
    code = f"{program}; import time; print(time.process_time())"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, check=True, text=True
    )
    return float(ran.stdout)
