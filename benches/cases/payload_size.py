"""Events with 100 bytes to 1 MB of data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.results import Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines
    from benches.runner import Call, Target

__all__ = ["payload_size"]

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
BYTES_PER_ROUND = 4_000_000
MOST_EVENTS = 2_000
TITLE = "Construct and track an event, by size of its data"
EXPLANATION = (
    "CPU time per self-describing event, whose data has the size of the row as JSON. Speedup: the "
    "time of 1.1.0 divided by the time of this package. orjson + pybase64 only encode the same "
    "data; the last column is the time of this package divided by theirs."
)


def payload_size(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0, and with JSON and base64 of the same data without any event."""
    targets = [*baselines.own, baselines.version_1_1]
    rows = []
    for size in SIZES:
        events = min(MOST_EVENTS, BYTES_PER_ROUND // size)
        check_payloads([*targets, baselines.orjson], "sized", size)
        call = ("construct", "post", "sized", size, events)
        calls: list[tuple[Target, Call]] = [(target, call) for target in targets]
        calls += [(baselines.orjson, ("encode", "sized", size, events))]
        rows.append(
            compare(
                f"{size:,} B of data",
                calls,
                rounds,
                against=baselines.version_1_1,
                is_speedup=True,
                also=baselines.orjson,
            )
        )
    ratio = "speedup over 1.1.0"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=True, rows=rows)
