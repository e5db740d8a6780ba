"""Events from 100 bytes to 1 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.questions.compare import compare
from benches.results import Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.opponents import Opponents
    from benches.runner import Request, Side

__all__ = ["payload_size"]

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
BYTES_PER_ROUND = 4_000_000
MOST_EVENTS = 2_000


def payload_size(opponents: Opponents, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0; JSON and base64 alone, without any event, stand beside it."""
    sides = [*opponents.ours, opponents.old]
    rows = []
    for size in SIZES:
        events = min(MOST_EVENTS, BYTES_PER_ROUND // size)
        check_payloads([*sides, opponents.orjson], "sized", size)
        request = ("construct", "post", "sized", size, events)
        requests: list[tuple[Side, Request]] = [(side, request) for side in sides]
        requests += [(opponents.orjson, ("encode", "sized", size, events))]
        rows.append(
            compare(
                f"{size:,} B of data",
                requests,
                rounds,
                against=opponents.old,
                is_speedup=True,
                also=opponents.orjson,
            )
        )
    title = "construct + track by size of the data, POST Emitter"
    yield Table(title, "us", "1.1.0 / ours", is_floor=True, rows=rows)
