"""How long a call of `track()` takes, while an emitter sends and while the collector hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.delivery import delivery_targets, least
from benches.results import BUILDS, OURS, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benches.baselines import Baselines

__all__ = ["SENDING_TITLE", "SILENT_TITLE", "latency"]

SILENT_TITLE = "Latency of track() while the collector does not respond"
SENDING_TITLE = "Latency of track() while events are sent"
# A quantile beyond p99.9 takes this many times the events of the other delivery cases.
TIMES, MOST_ROUNDS = 5, 4
QUANTILES = (
    "p50 is the median; p99.9 is exceeded by one call in a thousand, p99.99 by one in ten thousand."
    " The thresholds apply to the time of this package."
)
# Title to the URL of the collector, the quantiles with their thresholds, and the explanation.
CASES: dict[str, tuple[str, Mapping[str, float | None], str]] = {
    SILENT_TITLE: (
        "silent",
        {"p50": None, "p99.9": 50.0},
        (
            "Wall time of single calls of `track()` on an `AsyncEmitter`, whose sender thread is "
            f"blocked in a request that never gets a response. {QUANTILES}"
        ),
    ),
    SENDING_TITLE: (
        "responding",
        {"p50": None, "p99.9": 20.0, "p99.99": 300.0},
        (
            "Wall time of single calls of `track()` on an `AsyncEmitter`, in a loop without pause, "
            f"while the sender thread sends to a collector on the same machine. {QUANTILES}"
        ),
    ),
}


def latency(baselines: Baselines, rounds: int, events: int) -> Iterator[Table]:
    """Compare an `AsyncEmitter` that stores events in memory with that of 1.1.0."""
    with delivery_targets(baselines) as (targets, collector):
        for title, (url, quantiles, explanation) in CASES.items():
            is_sending = title == SENDING_TITLE
            count = events * TIMES if is_sending else events
            call = ("latency", collector.call("urls")[url], is_sending, count)
            seconds = least(targets, call, min(rounds, MOST_ROUNDS) if is_sending else rounds)
            rows = []
            for quantile, threshold in quantiles.items():
                values = {name: result[quantile] * 1e6 for name, result in seconds.items()}
                own = {name: values[name] for name in BUILDS if name in values}
                thresholds = {OURS: threshold} if threshold else {}
                rows.append(Row(f"AsyncEmitter, {quantile}", values, own, thresholds))
            yield Table(title, explanation, "µs", "latency, µs", higher_is_better=False, rows=rows)
