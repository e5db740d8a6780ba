"""Throughput of two tracking threads against one, on one tracker and on a tracker each.

    python -m benches.cases.threads

runs only this case, without any baseline. Use it with a CPython without the GIL, for which the
baselines need not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.report import as_section
from benches.results import OURS, Row, Table
from benches.runner import Target, interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["threads", "threads_without_gil"]

EVENTS = 20_000
ROUNDS = 25
# Description to whether the threads share a tracker, and the threshold.
SHARING = {"one tracker": (True, 1.4), "a tracker each": (False, 1.9)}
# Case to the kind of event, its number of contexts, whether the threads share its data, and whether
# there is a threshold. On shared dicts, threads wait for CPython's own locks: no threshold.
CASES = {
    "page view": ("page_view", 0, False, True),
    "self-describing, 2 contexts": ("order", 2, False, True),
    "self-describing, 2 contexts, shared data": ("order", 2, True, False),
}
EXPLANATION = (
    f"Events per second in wall time. Each thread constructs and tracks {EVENTS:,} events. "
    "Speedup: the rate of two threads divided by the rate of one; {note}."
)
NOTES = {
    True: "with the GIL, expect at most 1",
    False: "without the GIL and on two idle cores, expect at most 2",
}


def threads(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare two threads with one. There are thresholds only if the GIL is off."""
    yield table_of(baselines.own, rounds)


def threads_without_gil(interpreter: str, rounds: int) -> Iterator[Table]:
    """Compare them in another interpreter, into which this package is installed."""
    with Target(OURS, "native", interpreter=interpreter) as target:
        if target.call("about")["gil"]:
            raise SystemExit(f"not a free-threaded CPython: {interpreter}")
        yield table_of([target], rounds)


def table_of(builds: list[Target], rounds: int) -> Table:
    with_gil: bool = builds[0].call("about")["gil"]
    rows = []
    for case, (kind, contexts, shares_data, has_threshold) in CASES.items():
        for sharing, (is_shared, threshold) in SHARING.items():
            rate = {}
            for count in (1, 2):
                call = ("threads", count, is_shared, shares_data, kind, contexts, EVENTS)
                least = interleaved([(target, call) for target in builds], rounds)
                rate[count] = {name: count * EVENTS / s / 1e3 for name, s in least.items()}
            values = {
                f"{name}, {count} thread{'s' * (count > 1)}": rate[count][name]
                for name in rate[1]
                for count in (1, 2)
            }
            ratios = {name: rate[2][name] / rate[1][name] for name in rate[1]}
            thresholds = {OURS: threshold} if has_threshold and not with_gil else {}
            rows.append(Row(f"{case}, {sharing}", values, ratios, thresholds))
    title = f"Two threads, {'with' if with_gil else 'without'} the GIL"
    explanation = EXPLANATION.format(note=NOTES[with_gil])
    return Table(
        title,
        explanation,
        "1000 events/s",
        "speedup of 2 threads",
        higher_is_better=True,
        rows=rows,
    )


if __name__ == "__main__":
    with Target(OURS, "native") as target:
        print(as_section(table_of([target], ROUNDS)))
