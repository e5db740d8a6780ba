"""Events from 100 bytes to 1 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.results import Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines
    from benches.runner import Request, Target

__all__ = ["payload_size"]

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
BYTES_PER_ROUND = 4_000_000
MOST_EVENTS = 2_000


def payload_size(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0; JSON and base64 alone, without any event, stand beside it."""
    targets = [*baselines.own, baselines.version_1_1]
    rows = []
    for size in SIZES:
        events = min(MOST_EVENTS, BYTES_PER_ROUND // size)
        check_payloads([*targets, baselines.orjson], "sized", size)
        request = ("construct", "post", "sized", size, events)
        requests: list[tuple[Target, Request]] = [(target, request) for target in targets]
        requests += [(baselines.orjson, ("encode", "sized", size, events))]
        rows.append(
            compare(
                f"{size:,} B of data",
                requests,
                rounds,
                against=baselines.version_1_1,
                is_speedup=True,
                also=baselines.orjson,
            )
        )
    title = "construct + track by size of the data, POST Emitter"
    yield Table(title, "us", "1.1.0 / ours", is_floor=True, rows=rows)
