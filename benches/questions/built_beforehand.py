"""`track()` of a self-describing event, against JSON and base64 of the same data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.questions.compare import compare
from benches.results import OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.opponents import Opponents

__all__ = ["TITLE", "built_beforehand"]

EVENTS = 2_000
TITLE = "track() of an event built beforehand, against JSON + base64 alone"
BARS = {OURS: 0.8}


def built_beforehand(opponents: Opponents, rounds: int) -> Iterator[Table]:
    """Compare with the libraries, the standard ones too."""
    libraries = [opponents.orjson, opponents.standard]
    rows = []
    for case, contexts in (("self-describing", 0), ("with two contexts", 2)):
        check_payloads([*opponents.ours, *libraries], "order", contexts)
        requests = [(side, ("track_built", "order", contexts, EVENTS)) for side in opponents.ours]
        requests += [(side, ("encode", "order", contexts, EVENTS)) for side in libraries]
        rows.append(
            compare(
                case,
                requests,
                rounds,
                against=opponents.orjson,
                is_speedup=False,
                bars=BARS if contexts else {},
            )
        )
    yield Table(TITLE, "us", "ours / (orjson + pybase64)", is_floor=False, rows=rows)
