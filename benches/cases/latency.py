"""How long `track()` takes while the collector does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.delivery import delivery_targets, least
from benches.results import BUILDS, OURS, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["latency"]

THRESHOLDS = {"p50": {}, "p99.9": {OURS: 50.0}}


def latency(baselines: Baselines, rounds: int, events: int) -> Iterator[Table]:
    """Measure an AsyncEmitter with its store in memory; beside it that of 1.1.0."""
    with delivery_targets(baselines) as (targets, collector):
        request = ("latency", collector.call("urls")["silent"], events)
        seconds = least(targets, request, rounds)
    rows = []
    for quantile, thresholds in THRESHOLDS.items():
        values = {name: answer[quantile] * 1e6 for name, answer in seconds.items()}
        own = {name: values[name] for name in BUILDS if name in values}
        rows.append(Row(f"AsyncEmitter, {quantile}", values, own, thresholds))
    title = "track() while the collector does not answer"
    yield Table(title, "us", "us", is_floor=False, rows=rows)
