"""How long `import snowplow_tracker` takes, alone and in a program."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benches.baselines import ORIGINALS
from benches.results import BUILDS, OURS, Row, Table
from benches.runner import original

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["ALONE_TITLE", "import_time"]

IMPORT = "import snowplow_tracker"
BASE = "logging, threading, typing"
THRESHOLD_MS = 5.0
EXPLANATION = (
    "CPU time of a whole interpreter (`python -I`, bytecode cached). The first column imports only "
    f"`{BASE}`, which most programs import anyway; the others import `snowplow_tracker` in "
    "addition. Added time: the difference between this package and the first column."
)
ALONE_TITLE, ALONE_THRESHOLD = "Import time alone", 0.11
ALONE_EXPLANATION = (
    "Wall time of `import snowplow_tracker` in an interpreter that has imported nothing else, as "
    "`python -I -X importtime` reports it, which takes part of that time. All that it imports is "
    "included. The ratio is the time of this package divided by the time of 1.1.0."
)

PLUGIN_MS = 1.0
PLUGIN_EXPLANATION = (
    "Wall time of the import of the plugin's module in an interpreter that has imported pytest, as "
    "`python -I -X importtime` reports it. Beside it, another plugin of one file."
)


def import_time(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare interpreters that import a tracker with one that imports none."""
    folders = {build.name: build.folder for build in baselines.builds}
    folders |= {version: original(version) for version in ORIGINALS}
    imports = {
        name: f"import sys; sys.path[:0] = {[str(folder)] if folder else []}; {IMPORT}"
        for name, folder in folders.items()
    }
    programs = {BASE: "pass"} | imports
    milliseconds = dict.fromkeys(programs, float("inf"))
    alone = dict.fromkeys(imports, float("inf"))
    for _ in range(rounds):
        for name, program in programs.items():
            code = f"import {BASE}; {program}; import time; print(time.process_time())"
            milliseconds[name] = min(milliseconds[name], float(_run("-c", code)[0]) * 1e3)
        for name, program in imports.items():
            alone[name] = min(alone[name], _reported(_run("-X", "importtime", "-c", program)[1]))
    added = {name: milliseconds[name] - milliseconds[BASE] for name in BUILDS if name in programs}
    row = Row(IMPORT, milliseconds, added, {OURS: THRESHOLD_MS})
    title, ratio = "Import time", "added time, ms"
    yield Table(title, EXPLANATION, "ms", ratio, higher_is_better=False, rows=[row])
    ratios = {name: alone[name] / alone[ORIGINALS[0]] for name in BUILDS if name in alone}
    row = Row(IMPORT, alone, ratios, {OURS: ALONE_THRESHOLD})
    ratio = f"relative to {ORIGINALS[0]}"
    yield Table(ALONE_TITLE, ALONE_EXPLANATION, "ms", ratio, higher_is_better=False, rows=[row])
    yield _plugin_load_time(rounds)


def _plugin_load_time(rounds: int) -> Table:
    """Measure what pytest does in each run of an environment with this package, used or not."""
    plugins = {OURS: "snowplow_tracker_pytest", "pytest-timeout": "pytest_timeout"}
    milliseconds = dict.fromkeys(plugins, float("inf"))
    for _ in range(rounds):
        for name, module in plugins.items():
            report = _run("-X", "importtime", "-c", f"import pytest, {module}")[1]
            milliseconds[name] = min(milliseconds[name], _reported(report, module))
    row = Row("import of the plugin", milliseconds, {OURS: milliseconds[OURS]}, {OURS: PLUGIN_MS})
    title, ratio = "Load time of the pytest plugin", "load time, ms"
    return Table(title, PLUGIN_EXPLANATION, "ms", ratio, higher_is_better=False, rows=[row])


def _run(*arguments: str) -> tuple[str, str]:
    """Return what an interpreter writes to its outputs."""
    command = [sys.executable, "-I", *arguments]
    finished = subprocess.run(command, capture_output=True, check=True, text=True)
    return finished.stdout, finished.stderr


def _reported(report: str, module: str = "snowplow_tracker") -> float:
    """Return the milliseconds that `-X importtime` reports for a module and all it imports."""
    lines = [line.split("|") for line in report.splitlines()]
    cumulative = [line[1] for line in lines if line[-1].strip() == module]
    return float(cumulative[-1]) / 1e3
