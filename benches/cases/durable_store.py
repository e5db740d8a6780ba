"""The durable store: cost of an event against a bare INSERT, and opening and draining a backlog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.results import OURS, Row, Table
from benches.runner import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["durable_store"]

EVENTS, MOST_ROUNDS = 10_000, 7
INSERT = "bare INSERT"
# Case to the kind of event, its number of contexts, and whether it is built beforehand.
CASES = {
    "page view, construct + track": ("page_view", 0, False),
    "self-describing, 2 contexts, construct + track": ("order", 2, False),
    "self-describing, 2 contexts, track() only": ("order", 2, True),
}
COST_THRESHOLD, OPEN_THRESHOLD = 1.5, 1000
COST_EXPLANATION = (
    "CPU time per event with an `SQLiteEventStore` and a batch that is never full, so that nothing "
    "is sent. Bare INSERT: a prepared statement of `sqlite3` writes the same bytes with the same "
    "pragmas, in one transaction per event. The ratio is relative to the bare INSERT."
)
OPEN_EXPLANATION = (
    "Wall time of `SQLiteEventStore(path)` when the file already holds the events of the row."
)
DRAIN_EXPLANATION = (
    "Wall time to take all events from a file, join them to request bodies of up to 1 MB, and "
    "delete them, as a rate. Nothing is sent."
)


def durable_store(_baselines: Baselines, rounds: int, most_events: int) -> Iterator[Table]:
    """Compare with `sqlite3` in the same process."""
    with Target(OURS, "durable_store") as target:
        rows = [_cost(target, case, min(rounds, MOST_ROUNDS)) for case in CASES]
        seconds = target.call("backlog", "page_view", 0, most_events)
    title, ratio = "Durable store: cost of an event", f"relative to {INSERT}"
    yield Table(title, COST_EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows)
    case, opening = f"{most_events:,} page views", {OURS: seconds["open"] * 1e3}
    row = Row(case, opening, opening, {OURS: OPEN_THRESHOLD})
    title = "Durable store: opening a backlog"
    yield Table(title, OPEN_EXPLANATION, "ms", "time, ms", higher_is_better=False, rows=[row])
    row = Row(case, {OURS: most_events / seconds["drain"] / 1e3})
    title, unit = "Durable store: draining a backlog", "1000 events/s"
    yield Table(title, DRAIN_EXPLANATION, unit, "", higher_is_better=True, rows=[row])


def _cost(target: Target, case: str, rounds: int) -> Row:
    kind, contexts, is_built = CASES[case]
    seconds: dict[str, list[float]] = {OURS: [], INSERT: []}
    for _ in range(rounds):
        seconds[OURS].append(target.call("track", kind, contexts, is_built, EVENTS))
        seconds[INSERT].append(target.call("insert", kind, contexts, EVENTS))
    values = {name: min(each) / EVENTS * 1e6 for name, each in seconds.items()}
    return Row(case, values, {OURS: values[OURS] / values[INSERT]}, {OURS: COST_THRESHOLD})
