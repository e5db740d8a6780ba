"""How long a call of `track()` takes while the collector does not respond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.delivery import delivery_targets, least
from benches.results import BUILDS, OURS, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["latency"]

THRESHOLDS = {"p50": {}, "p99.9": {OURS: 50.0}}
EXPLANATION = (
    "Wall time of single calls of `track()` on an `AsyncEmitter`, whose sender thread is blocked "
    "in a request that never gets a response. p50 is the median; p99.9 is exceeded by one call in "
    "a thousand. The threshold applies to the time of this package."
)


def latency(baselines: Baselines, rounds: int, events: int) -> Iterator[Table]:
    """Compare an `AsyncEmitter` that stores events in memory with that of 1.1.0."""
    with delivery_targets(baselines) as (targets, collector):
        call = ("latency", collector.call("urls")["silent"], events)
        seconds = least(targets, call, rounds)
    rows = []
    for quantile, thresholds in THRESHOLDS.items():
        values = {name: result[quantile] * 1e6 for name, result in seconds.items()}
        own = {name: values[name] for name in BUILDS if name in values}
        rows.append(Row(f"AsyncEmitter, {quantile}", values, own, thresholds))
    title = "Latency of track() while the collector does not respond"
    yield Table(title, EXPLANATION, "µs", "latency, µs", higher_is_better=False, rows=rows)
