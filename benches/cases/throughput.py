"""Delivery: events per second that reach a collector, and CPU time per event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.delivery import OLD, delivery_targets, least
from benches.results import BUILDS, OURS, Row, Table
from benches.runner import OutputMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.baselines import Baselines
    from benches.runner import Target

__all__ = ["CPU_TITLE", "RATE_TITLE", "throughput"]

RATE_TITLE, CPU_TITLE = "Delivery: throughput", "Delivery: CPU time of an event"
MOST_ROUNDS = 4
# Case to the emitter, its batch size (None for the default), and the threshold.
CASES = {
    "Emitter, default": ("Emitter", None, 10),
    "Emitter, batches of 100": ("Emitter", 100, 16),
    "AsyncEmitter, default": ("AsyncEmitter", None, 38),
}
DEFAULT_BATCH = 10
FULL_BODY = 999_999
CPU_THRESHOLD = 1.9
RATE_EXPLANATION = (
    "Events per second in wall time, from the first `track()` until the collector on the same "
    "machine has acknowledged all of them. Speedup: the rate of this package divided by the rate "
    "of 1.1.0. A bare socket sends requests of the same size without an HTTP library: the upper "
    "limit that the collector sets."
)
CPU_EXPLANATION = (
    "CPU time of the tracking process per delivered event, encoding and sending included. The "
    "collector is another process. The threshold applies to the time of this package."
)


def throughput(baselines: Baselines, rounds: int, events: int) -> Iterator[Table]:
    """Compare with 1.1.0, and with a bare socket."""
    rows, cpu = [], {}
    with delivery_targets(baselines) as (targets, collector):
        url = collector.call("urls")["responding"]
        for case, (kind, batch_size, threshold) in CASES.items():
            call = ("deliver", kind, batch_size, url, events)
            event_bytes = bytes_of_an_event(targets, collector, call)
            seconds = least(targets, call, min(rounds, MOST_ROUNDS))
            rate = {name: events / result["wall"] / 1e3 for name, result in seconds.items()}
            cpu = {name: result["cpu"] / events * 1e6 for name, result in seconds.items()}
            ratios = {name: rate[name] / rate[OLD] for name in BUILDS if name in rate}
            body = event_bytes * (batch_size or DEFAULT_BATCH)
            body = FULL_BODY if kind == "AsyncEmitter" else body
            requests = max(1, events * event_bytes // body)
            bare = targets[0].call("send_raw", url, body, requests)
            rate["a bare socket"] = requests * body / event_bytes / bare / 1e3
            rows.append(Row(f"{case}, {event_bytes:,} B", rate, ratios, {OURS: threshold}))
    unit, ratio = "1000 events/s", "speedup over 1.1.0"
    yield Table(RATE_TITLE, RATE_EXPLANATION, unit, ratio, higher_is_better=True, rows=rows)
    own = {name: cpu[name] for name in BUILDS if name in cpu}
    # `cpu` is that of the last case.
    row = Row("AsyncEmitter, default", cpu, own, {OURS: CPU_THRESHOLD})
    ratio = "CPU time, µs"
    yield Table(CPU_TITLE, CPU_EXPLANATION, "µs", ratio, higher_is_better=False, rows=[row])


def bytes_of_an_event(
    targets: Sequence[Target], collector: Target, call: tuple[str, str, int | None, str, int]
) -> int:
    """Return the bytes of an event on the wire, as the last target (1.1.0) sends it.

    Raises:
        OutputMismatchError: An event of a target does not arrive exactly once.
    """
    events = call[-1]
    for target in targets:
        collector.call("keep")
        target.call(*call)
        received = collector.call("forget")
        if (received["events"], received["ids"]) != (events, events):
            raise OutputMismatchError(
                f"{target.name} sent {events} events, the collector received {received}"
            )
    size: int = received["bytes"] // events
    return size
