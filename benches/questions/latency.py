"""How long `track()` takes while the collector does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.questions.delivering import delivering_sides, least
from benches.results import BUILDS, OURS, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.opponents import Opponents

__all__ = ["latency"]

BARS = {"p50": {}, "p99.9": {OURS: 50.0}}


def latency(opponents: Opponents, rounds: int, events: int) -> Iterator[Table]:
    """Measure an AsyncEmitter with its store in memory; beside it that of 1.1.0."""
    with delivering_sides(opponents) as (sides, collector):
        request = ("latency", collector.ask("urls")["silent"], events)
        seconds = least(sides, request, rounds)
    rows = []
    for quantile, bars in BARS.items():
        values = {name: answer[quantile] * 1e6 for name, answer in seconds.items()}
        own = {name: values[name] for name in BUILDS if name in values}
        rows.append(Row(f"AsyncEmitter, {quantile}", values, own, bars))
    title = "track() while the collector does not answer"
    yield Table(title, "us", "us", is_floor=False, rows=rows)
