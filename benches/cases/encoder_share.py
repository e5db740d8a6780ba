"""A `json_encoder` that is called for a share of the objects of an event."""

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
TITLE = "construct + track of an order of 50 lines, some encoded by json_encoder"
ONE_IN_FIFTY = 2
PERCENTAGES = (0, ONE_IN_FIFTY, 10, 50, 100)
THRESHOLDS = {OURS: 8}


def encoder_share(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0, which has the same encoder."""
    targets = [*baselines.own, baselines.version_1_1]
    rows = []
    for percent in PERCENTAGES:
        check_payloads(targets, "lines", percent)
        rows.append(
            compare(
                f"{percent} % of the lines",
                [(target, ("construct", "post", "lines", percent, EVENTS)) for target in targets],
                rounds,
                against=baselines.version_1_1,
                is_speedup=True,
                thresholds=THRESHOLDS if percent == ONE_IN_FIFTY else {},
            )
        )
    yield Table(TITLE, "us", "1.1.0 / ours", is_floor=True, rows=rows)
