"""An event of which a `json_encoder` encodes a share of the objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.results import OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["TITLE", "encoder_share"]

EVENTS = 200
TITLE = "Construct and track an event with a json_encoder"
EXPLANATION = (
    "CPU time per event. The event is an order of 50 lines. A share of the lines are objects that "
    "JSON cannot represent; the `json_encoder`, the same Python function for both trackers, turns "
    "each of them into a dict. Speedup: the time of 1.1.0 divided by the time of this package."
)
ONE_IN_FIFTY = 2
PERCENTAGES = (0, ONE_IN_FIFTY, 10, 50, 100)
THRESHOLDS = {OURS: 8}


def encoder_share(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with snowplow-tracker 1.1.0."""
    targets = [*baselines.own, baselines.version_1_1]
    rows = []
    for percent in PERCENTAGES:
        check_payloads(targets, "lines", percent)
        call = ("construct", "post", "lines", percent, EVENTS)
        rows.append(
            compare(
                f"{percent} % of the lines",
                [(target, call) for target in targets],
                rounds,
                against=baselines.version_1_1,
                is_speedup=True,
                thresholds=THRESHOLDS if percent == ONE_IN_FIFTY else {},
            )
        )
    ratio = "speedup over 1.1.0"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=True, rows=rows)
