"""How many events a second reach a collector, and what CPU time an event takes on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.delivery import OLD, delivery_targets, least
from benches.results import BUILDS, OURS, Row, Table
from benches.runner import OutputMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.baselines import Baselines
    from benches.runner import Target

__all__ = ["throughput"]

MOST_ROUNDS = 4
# By title: the emitter, its batch size if given, the threshold.
CASES = {
    "Emitter, default": ("Emitter", None, 4),
    "Emitter, batches of 100": ("Emitter", 100, 6),
    "AsyncEmitter, default": ("AsyncEmitter", None, 30),
}
DEFAULT_BATCH = 10
FULL_BODY = 999_999
CPU_THRESHOLD = 10.0


def throughput(baselines: Baselines, rounds: int, events: int) -> Iterator[Table]:
    """Compare with 1.1.0; beside it what the collector does when a bare socket asks it."""
    rows, cpu = [], {}
    with delivery_targets(baselines) as (targets, collector):
        url = collector.call("urls")["answering"]
        for case, (kind, batch_size, threshold) in CASES.items():
            request = ("deliver", kind, batch_size, url, events)
            event_bytes = bytes_of_an_event(targets, collector, request)
            seconds = least(targets, request, min(rounds, MOST_ROUNDS))
            rate = {name: events / answer["wall"] / 1e3 for name, answer in seconds.items()}
            cpu = {name: answer["cpu"] / events * 1e6 for name, answer in seconds.items()}
            ratios = {name: rate[name] / rate[OLD] for name in BUILDS if name in rate}
            body = event_bytes * (batch_size or DEFAULT_BATCH)
            body = FULL_BODY if kind == "AsyncEmitter" else body
            requests = max(1, events * event_bytes // body)
            bare = targets[0].call("send_raw", url, body, requests)
            rate["a bare socket"] = requests * body / event_bytes / bare / 1e3
            rows.append(Row(f"{case}, {event_bytes:,} B", rate, ratios, {OURS: threshold}))
    yield Table("delivery, wall time", "1000 events/s", "ours / 1.1.0", is_floor=True, rows=rows)
    own = {name: cpu[name] for name in BUILDS if name in cpu}
    row = Row("AsyncEmitter, default", cpu, own, {OURS: CPU_THRESHOLD})
    yield Table("delivery, CPU of an event", "us", "us", is_floor=False, rows=[row])


def bytes_of_an_event(
    targets: Sequence[Target], collector: Target, request: tuple[str, str, int | None, str, int]
) -> int:
    """Return how many, of 1.1.0's; raise unless all events of each target arrive, and once."""
    events = request[-1]
    for target in targets:
        collector.call("keep")
        target.call(*request)
        got = collector.call("forget")
        if (got["events"], got["ids"]) != (events, events):
            raise OutputMismatchError(f"{target.name}: of {events} events, {got} arrived")
    size: int = got["bytes"] // events
    return size
