"""A `json_encoder` that is called for a share of the objects of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.questions.compare import compare
from benches.results import OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.opponents import Opponents

__all__ = ["TITLE", "encoder_share"]

EVENTS = 200
TITLE = "construct + track of an order of 50 lines, some encoded by json_encoder"
ONE_IN_FIFTY = 2
PERCENTAGES = (0, ONE_IN_FIFTY, 10, 50, 100)
BARS = {OURS: 8}


def encoder_share(opponents: Opponents, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0, which has the same encoder."""
    sides = [*opponents.ours, opponents.old]
    rows = []
    for percent in PERCENTAGES:
        check_payloads(sides, "lines", percent)
        rows.append(
            compare(
                f"{percent} % of the lines",
                [(side, ("construct", "post", "lines", percent, EVENTS)) for side in sides],
                rounds,
                against=opponents.old,
                is_speedup=True,
                bars=BARS if percent == ONE_IN_FIFTY else {},
            )
        )
    yield Table(TITLE, "us", "1.1.0 / ours", is_floor=True, rows=rows)
