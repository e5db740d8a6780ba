"""What constructing and tracking one event costs, by kind of event and of emitter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.results import ABI3, OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines

__all__ = ["INPUT_TITLE", "POST_TITLE", "construct_and_track"]

EVENTS = 2_000
POST_TITLE = "construct + track, POST Emitter, a batch never reached"
INPUT_TITLE = "construct + track, custom emitter with only input(dict)"
SIMPLE_THRESHOLDS = {OURS: 12, ABI3: 10}
JSON_THRESHOLDS = {OURS: 15, ABI3: 12}
# By title: the kind, how many contexts, the thresholds with the POST Emitter.
KINDS = {
    "page view": ("page_view", 0, SIMPLE_THRESHOLDS),
    "structured event": ("structured_event", 0, SIMPLE_THRESHOLDS),
    "self-describing": ("order", 0, JSON_THRESHOLDS),
    "with two contexts": ("order", 2, JSON_THRESHOLDS),
}
INPUT_THRESHOLDS = {OURS: 5}


def construct_and_track(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with both generations."""
    targets = [*baselines.own, baselines.version_1_1, baselines.version_0_10]
    for title, emitter in ((POST_TITLE, "post"), (INPUT_TITLE, "input")):
        rows = []
        for case, (kind, contexts, thresholds) in KINDS.items():
            check_payloads(targets, kind, contexts)
            request = ("construct", emitter, kind, contexts, EVENTS)
            rows.append(
                compare(
                    case,
                    [(target, request) for target in targets],
                    rounds,
                    against=baselines.version_1_1,
                    is_speedup=True,
                    thresholds=thresholds if emitter == "post" else INPUT_THRESHOLDS,
                )
            )
        yield Table(title, "us", "1.1.0 / ours", is_floor=True, rows=rows)
