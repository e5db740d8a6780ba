"""Bulk loads: `snowplow-tracker send` by input format, beside loops over the same file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benches.cases.delivery import OLD, least
from benches.data.bulk_inputs import NDJSON, write_inputs
from benches.results import OURS, Row, Table
from benches.runner import OutputMismatchError, Target, original

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines
    from benches.runner import Call

__all__ = ["CPU_TITLE", "RATE_TITLE", "bulk_loads"]

RATE_TITLE, CPU_TITLE = "Bulk loads: throughput", "Bulk loads: CPU time of an event"
EVENTS, LOOP_EVENTS = 50_000, 5_000
MOST_ROUNDS = 3
BY_HAND = "a loop with an AsyncEmitter"
RATE_THRESHOLD, CPU_THRESHOLD = 100, 8
ABOUT = (
    "`snowplow-tracker send` sends a file of orders to a collector on the same machine: its whole "
    "process, from its start to its end. NDJSON has two entities for each event. Rows of CSV and "
    "Parquet get their event id from a column. The loops over the same NDJSON call `json.loads` "
    "and `track()` for each line, and flush once at the end; 1.1.0 uses its `Emitter` with default "
    "settings. They are measured from the first line on, without the start of the interpreter. "
    "The threshold applies to the command."
)
RATE_EXPLANATION = f"Events per second in wall time. {ABOUT}"
CPU_EXPLANATION = f"CPU time per event, reading, encoding and sending included. {ABOUT}"


def bulk_loads(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Measure the build with a profile, and loops of it and of 1.1.0."""
    rounds = min(rounds, MOST_ROUNDS)
    rates, costs = [], []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        own = stack.enter_context(Target(OURS, "bulk", package_path=baselines.builds[0].folder))
        old = stack.enter_context(Target(OLD, "bulk", package_path=original(OLD)))
        collector = stack.enter_context(Target("collector", "collector"))
        url = collector.call("urls")["responding"]
        for case, (path, options) in write_inputs(folder, EVENTS).items():
            runs: dict[str, tuple[Target, Call, int]] = {
                OURS: (own, ("command", url, path, options), EVENTS)
            }
            if path.endswith(NDJSON):
                for name, target, kind in ((BY_HAND, own, "AsyncEmitter"), (OLD, old, "Emitter")):
                    runs[name] = (target, ("loop", url, path, kind, LOOP_EVENTS), LOOP_EVENTS)
            rate, cost = {}, {}
            for name, (target, call, events) in runs.items():
                _check(collector, target, call, events)
                seconds = least([target], call, rounds)[target.name]
                rate[name] = events / seconds["wall"] / 1e3
                cost[name] = seconds["cpu"] / events * 1e6
            has_threshold = OLD in runs
            limits = {OURS: float(RATE_THRESHOLD)} if has_threshold else {}
            rates.append(Row(case, rate, {OURS: rate[OURS]}, limits))
            limits = {OURS: float(CPU_THRESHOLD)} if has_threshold else {}
            costs.append(Row(case, cost, {OURS: cost[OURS]}, limits))
    unit = "1000 events/s"
    yield Table(RATE_TITLE, RATE_EXPLANATION, unit, "rate", higher_is_better=True, rows=rates)
    ratio = "CPU time, µs"
    yield Table(CPU_TITLE, CPU_EXPLANATION, "µs", ratio, higher_is_better=False, rows=costs)


def _check(collector: Target, target: Target, call: Call, events: int) -> None:
    """Check that each event arrives exactly once.

    Raises:
        OutputMismatchError: It does not.
    """
    collector.call("keep")
    target.call(*call)
    received = collector.call("forget")
    if (received["events"], received["ids"]) != (events, events):
        raise OutputMismatchError(f"{target.name} sent {events} events, but {received} arrived")
