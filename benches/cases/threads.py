"""Two threads that track, against one: wall time, on one tracker and on one each.

As a program, `python -m benches.cases.threads`, it asks nothing else: for a CPython without the
GIL, which the baselines need not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.report import as_markdown
from benches.results import OURS, Row, Table
from benches.runner import Target, interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["threads"]

EVENTS = 20_000
ROUNDS = 25
SHARING = {"one tracker": (True, 1.4), "a tracker each": (False, 1.7)}
# The kind, its contexts, whether the threads share its data, and whether there are thresholds: on
# shared dicts CPython's own locks are measured too.
CASES = {
    "page view": ("page_view", 0, False, True),
    "with two contexts": ("order", 2, False, True),
    "data and contexts shared": ("order", 2, True, False),
}


def threads(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Return throughputs in thousands of events a second; thresholds only where there is no GIL."""
    yield table_of(baselines.own, rounds)


def table_of(builds: list[Target], rounds: int) -> Table:
    with_gil = builds[0].call("about")["gil"]
    rows = []
    for case, (kind, contexts, shares_data, has_threshold) in CASES.items():
        for how, (is_shared, threshold) in SHARING.items():
            rate = {}
            for count in (1, 2):
                request = ("threads", count, is_shared, shares_data, kind, contexts, EVENTS)
                least = interleaved([(target, request) for target in builds], rounds)
                rate[count] = {name: count * EVENTS / s / 1e3 for name, s in least.items()}
            values = {f"{name}, {n}": rate[n][name] for name in rate[1] for n in (1, 2)}
            ratios = {name: rate[2][name] / rate[1][name] for name in rate[1]}
            thresholds = {OURS: threshold} if has_threshold and not with_gil else {}
            rows.append(Row(f"{case}, {how}", values, ratios, thresholds))
    title = f"threads {'with' if with_gil else 'without'} the GIL, wall time"
    return Table(title, "1000 events/s", "2 threads / 1", is_floor=True, rows=rows)


if __name__ == "__main__":
    with Target(OURS, "native") as target:
        print(as_markdown(table_of([target], ROUNDS)))
