"""How many events a second reach a collector, and what CPU time an event takes on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.questions.delivering import OLD, delivering_sides, least
from benches.results import BUILDS, OURS, Row, Table
from benches.runner import DisagreementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.opponents import Opponents
    from benches.runner import Side

__all__ = ["throughput"]

MOST_ROUNDS = 4
# By title: the emitter, its batch size if given, the bar.
CASES = {
    "Emitter, default": ("Emitter", None, 4),
    "Emitter, batches of 100": ("Emitter", 100, 6),
    "AsyncEmitter, default": ("AsyncEmitter", None, 30),
}
DEFAULT_BATCH = 10
FULL_BODY = 999_999
CPU_BAR = 10.0


def throughput(opponents: Opponents, rounds: int, events: int) -> Iterator[Table]:
    """Compare with 1.1.0; beside it what the collector does when a bare socket asks it."""
    rows, cpu = [], {}
    with delivering_sides(opponents) as (sides, collector):
        url = collector.ask("urls")["answering"]
        for case, (kind, batch_size, bar) in CASES.items():
            request = ("deliver", kind, batch_size, url, events)
            event_bytes = bytes_of_an_event(sides, collector, request)
            seconds = least(sides, request, min(rounds, MOST_ROUNDS))
            rate = {name: events / answer["wall"] / 1e3 for name, answer in seconds.items()}
            cpu = {name: answer["cpu"] / events * 1e6 for name, answer in seconds.items()}
            ratios = {name: rate[name] / rate[OLD] for name in BUILDS if name in rate}
            body = event_bytes * (batch_size or DEFAULT_BATCH)
            body = FULL_BODY if kind == "AsyncEmitter" else body
            requests = max(1, events * event_bytes // body)
            bare = sides[0].ask("send_raw", url, body, requests)
            rate["a bare socket"] = requests * body / event_bytes / bare / 1e3
            rows.append(Row(f"{case}, {event_bytes:,} B", rate, ratios, {OURS: bar}))
    yield Table("delivery, wall time", "1000 events/s", "ours / 1.1.0", is_floor=True, rows=rows)
    own = {name: cpu[name] for name in BUILDS if name in cpu}
    row = Row("AsyncEmitter, default", cpu, own, {OURS: CPU_BAR})
    yield Table("delivery, CPU of an event", "us", "us", is_floor=False, rows=[row])


def bytes_of_an_event(
    sides: Sequence[Side], collector: Side, request: tuple[str, str, int | None, str, int]
) -> int:
    """Return how many, of 1.1.0's; raise unless all events of each side arrive, and once."""
    events = request[-1]
    for side in sides:
        collector.ask("keep")
        side.ask(*request)
        got = collector.ask("forget")
        if (got["events"], got["ids"]) != (events, events):
            raise DisagreementError(f"{side.name}: of {events} events, {got} arrived")
    size: int = got["bytes"] // events
    return size
