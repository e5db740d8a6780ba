"""What constructing and tracking one event costs, by kind of event and of emitter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.questions.compare import compare
from benches.results import ABI3, OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.opponents import Opponents

__all__ = ["INPUT_TITLE", "POST_TITLE", "construct_and_track"]

EVENTS = 2_000
POST_TITLE = "construct + track, POST Emitter, a batch never reached"
INPUT_TITLE = "construct + track, custom emitter with only input(dict)"
SIMPLE_BARS = {OURS: 12, ABI3: 10}
JSON_BARS = {OURS: 15, ABI3: 12}
# By title: the kind, how many contexts, the bars with the POST Emitter.
KINDS = {
    "page view": ("page_view", 0, SIMPLE_BARS),
    "structured event": ("structured_event", 0, SIMPLE_BARS),
    "self-describing": ("order", 0, JSON_BARS),
    "with two contexts": ("order", 2, JSON_BARS),
}
INPUT_BARS = {OURS: 5}


def construct_and_track(opponents: Opponents, rounds: int) -> Iterator[Table]:
    """Compare with both generations."""
    sides = [*opponents.ours, opponents.old, opponents.oldest]
    for title, emitter in ((POST_TITLE, "post"), (INPUT_TITLE, "input")):
        rows = []
        for case, (kind, contexts, bars) in KINDS.items():
            check_payloads(sides, kind, contexts)
            request = ("construct", emitter, kind, contexts, EVENTS)
            rows.append(
                compare(
                    case,
                    [(side, request) for side in sides],
                    rounds,
                    against=opponents.old,
                    is_speedup=True,
                    bars=bars if emitter == "post" else INPUT_BARS,
                )
            )
        yield Table(title, "us", "1.1.0 / ours", is_floor=True, rows=rows)
