"""The limit of a tracker for Python, and this package beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.cases.construct_and_track import COLD_EVENTS, EVENTS
from benches.results import Table
from benches.runner import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["LIMIT", "TITLE", "limit"]

TITLE, LIMIT = "The limit", "the limit"
SOURCE = ROOT / "benches" / "targets" / "limit.c"
EXPLANATION = (
    "CPU time to construct and track a page view. The limit is a C module for this one event: bare "
    "types, objects used again, one call that makes an id, reads the clock, writes the same record "
    "and returns it. It checks and escapes nothing, and calls no hook. The ratio is the time of "
    "this package divided by the limit. The events of other kinds consist of JSON and base64 for "
    "the most part, so the table of `track()` against these is their limit."
)


def limit(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with the limit, if there is a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("not measured, no cc here: the limit", flush=True)
        return
    with TemporaryDirectory() as folder:
        build(compiler, Path(folder))
        program = Program(LIMIT, ("limit", folder), None)
        with program.open() as warm:
            cold_call = ("cold", "page_view", 0, False, COLD_EVENTS)
            warm_call = ("construct", "post", "page_view", 0, EVENTS)
            rows = [
                compare(
                    "page view, cold",
                    [
                        *((build, cold_call) for build in baselines.builds),
                        (program, ("track", COLD_EVENTS)),
                    ],
                    rounds,
                    against=program,
                    is_speedup=False,
                ),
                compare(
                    "page view, warm",
                    [*((own, warm_call) for own in baselines.own), (warm, ("track", EVENTS))],
                    rounds,
                    against=warm,
                    is_speedup=False,
                ),
            ]
    ratio = "relative to the limit"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows)


def build(compiler: str, folder: Path) -> None:
    """Compile the module for this interpreter."""
    module = folder / f"limit{sysconfig.get_config_var('EXT_SUFFIX')}"
    undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    options = ["-O3", "-shared", "-fPIC", *undefined, f"-I{sysconfig.get_path('include')}"]
    subprocess.run([compiler, *options, str(SOURCE), "-o", str(module)], check=True)
