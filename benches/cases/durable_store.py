"""The durable store: what an event costs beside a bare INSERT, and a backlog opened and drained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.results import OURS, Row, Table
from benches.runner import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["durable_store"]

EVENTS, MOST_ROUNDS = 10_000, 7
# By title: the event, its number of contexts, whether it is built beforehand.
CASES = {
    "page view, construct + track": ("page_view", 0, False),
    "with two contexts, construct + track": ("order", 2, False),
    "with two contexts, built beforehand": ("order", 2, True),
}
COST_THRESHOLD, OPEN_THRESHOLD = 1.5, 1000


def durable_store(_opponents: Baselines, rounds: int, most_events: int) -> Iterator[Table]:
    """Compare with sqlite3 alone: the same bytes, the same settings, the same process."""
    rows: list[Row] = []
    with Target(OURS, "durable_store") as target:
        for case, (name, number, is_built) in CASES.items():
            spent: dict[str, list[float]] = {OURS: [], "bare INSERT": []}
            for _ in range(min(rounds, MOST_ROUNDS)):
                spent[OURS].append(target.call("track", name, number, is_built, EVENTS))
                spent["bare INSERT"].append(target.call("insert", name, number, EVENTS))
            values = {each: min(seconds) / EVENTS * 1e6 for each, seconds in spent.items()}
            ratio = values[OURS] / values["bare INSERT"]
            rows.append(Row(case, values, {OURS: ratio}, {OURS: COST_THRESHOLD}))
        seconds = target.call("backlog", "page_view", 0, most_events)
    yield Table("durable store, an event", "us", "ours / INSERT", is_floor=False, rows=rows)
    case, opening = f"{most_events:,} page views", {OURS: seconds["open"] * 1e3}
    row = Row(case, opening, opening, {OURS: OPEN_THRESHOLD})
    yield Table("durable store, opening a backlog", "ms", "ms", is_floor=False, rows=[row])
    row = Row(case, {OURS: most_events / seconds["drain"] / 1e3})
    title = "durable store, taking and forgetting a backlog"
    yield Table(title, "1000 events/s", "", is_floor=True, rows=[row])
