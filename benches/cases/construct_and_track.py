"""CPU time of constructing and tracking one event, by kind of event and of emitter."""

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
POST_TITLE = "Construct and track an event: POST emitter"
INPUT_TITLE = "Construct and track an event: custom emitter"
EXPLANATION = (
    "CPU time per event. Timed: constructing the event, `track()`, and buffering in {emitter}. "
    "The data was prepared beforehand, and nothing is sent. Speedup: the time of 1.1.0 divided by "
    "the time of this package."
)
# Title to the kind of emitter, and to its description.
EMITTERS = {
    POST_TITLE: ("post", "the tracker's own `Emitter`, whose batch is never full"),
    INPUT_TITLE: ("input", "a custom emitter that has no method but `input(dict)`"),
}
SIMPLE_THRESHOLDS = {OURS: 12, ABI3: 10}
JSON_THRESHOLDS = {OURS: 15, ABI3: 12}
INPUT_THRESHOLDS = {OURS: 5}
# Case to the kind of event, its number of contexts, and its thresholds with the POST emitter.
KINDS = {
    "page view": ("page_view", 0, SIMPLE_THRESHOLDS),
    "structured event": ("structured_event", 0, SIMPLE_THRESHOLDS),
    "self-describing": ("order", 0, JSON_THRESHOLDS),
    "self-describing, 2 contexts": ("order", 2, JSON_THRESHOLDS),
}


def construct_and_track(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with snowplow-tracker 1.1.0 and 0.10.0."""
    targets = [*baselines.own, baselines.version_1_1, baselines.version_0_10]
    for title, (emitter, description) in EMITTERS.items():
        rows = []
        for case, (kind, contexts, thresholds) in KINDS.items():
            check_payloads(targets, kind, contexts)
            call = ("construct", emitter, kind, contexts, EVENTS)
            rows.append(
                compare(
                    case,
                    [(target, call) for target in targets],
                    rounds,
                    against=baselines.version_1_1,
                    is_speedup=True,
                    thresholds=thresholds if emitter == "post" else INPUT_THRESHOLDS,
                )
            )
        explanation = EXPLANATION.format(emitter=description)
        yield Table(
            title, explanation, "µs", "speedup over 1.1.0", higher_is_better=True, rows=rows
        )
