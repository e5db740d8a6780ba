"""`track()` of a self-describing event, against JSON and base64 of the same data alone."""

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
TITLE = "track() of an event built beforehand, against JSON + base64 alone"
THRESHOLDS = {OURS: 0.8}


def built_beforehand(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with the libraries, the standard ones too."""
    libraries = [baselines.orjson, baselines.standard_library]
    rows = []
    for case, contexts in (("self-describing", 0), ("with two contexts", 2)):
        check_payloads([*baselines.own, *libraries], "order", contexts)
        requests = [
            (target, ("track_built", "order", contexts, EVENTS)) for target in baselines.own
        ]
        requests += [(target, ("encode", "order", contexts, EVENTS)) for target in libraries]
        rows.append(
            compare(
                case,
                requests,
                rounds,
                against=baselines.orjson,
                is_speedup=False,
                thresholds=THRESHOLDS if contexts else {},
            )
        )
    yield Table(TITLE, "us", "ours / (orjson + pybase64)", is_floor=False, rows=rows)
