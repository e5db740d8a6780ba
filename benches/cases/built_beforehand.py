"""`track()` of an existing self-describing event, against JSON and base64 of the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.results import OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["TITLE", "built_beforehand"]

EVENTS = 2_000
TITLE = "track() of an existing event, against JSON and base64 only"
EXPLANATION = (
    "CPU time per event. This package runs a whole `track()`: event id, timestamp, all fields, "
    "buffering. The baselines only encode the event's data and contexts as JSON and base64, and "
    "discard the result. The ratio is the time of this package divided by the time of orjson + "
    "pybase64; below 1, `track()` is faster."
)
THRESHOLDS = {OURS: 0.8}


def built_beforehand(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with the fastest libraries and with the standard library."""
    libraries = [baselines.orjson, baselines.standard_library]
    rows = []
    for case, contexts in (("self-describing", 0), ("self-describing, 2 contexts", 2)):
        check_payloads([*baselines.own, *libraries], "order", contexts)
        calls = [(target, ("track_built", "order", contexts, EVENTS)) for target in baselines.own]
        calls += [(target, ("encode", "order", contexts, EVENTS)) for target in libraries]
        rows.append(
            compare(
                case,
                calls,
                rounds,
                against=baselines.orjson,
                is_speedup=False,
                thresholds=THRESHOLDS if contexts else {},
            )
        )
    ratio = "relative to orjson + pybase64"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows)
