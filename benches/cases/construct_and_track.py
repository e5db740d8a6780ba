"""CPU time of constructing and tracking one event, by kind of event and of emitter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benches.cases.compare import compare
from benches.results import ABI3, OURS, PLAIN, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benches.baselines import Baselines

__all__ = ["COLD_EVENTS", "COLD_TITLE", "INPUT_TITLE", "WARM_TITLE", "construct_and_track"]

EVENTS, COLD_EVENTS = 2_000, 5_000
COLD_TITLE = "Construct and track an event, cold"
WARM_TITLE = "Construct and track an event, warm"
INPUT_TITLE = "Construct and track an event: custom emitter"
SPEEDUP = "Speedup: the time of 1.1.0 divided by the time of this package."
TIMED = (
    "CPU time per event. Timed: constructing the event and its contexts from existing data, "
    "`track()`, and buffering in {emitter}. Nothing is sent. "
)
OWN = TIMED.format(emitter="the tracker's own `Emitter`, whose batch is never full")
EXPLANATIONS = {
    COLD_TITLE: (
        f"{OWN}As in a program: each round is a new process, which tracks {COLD_EVENTS:,} events "
        f"into memory that it never used before. {SPEEDUP}"
    ),
    WARM_TITLE: (
        f"{OWN}Each round uses the memory of the round before again, which is faster than most "
        f"programs can be. {SPEEDUP}"
    ),
    INPUT_TITLE: (
        f"{TIMED.format(emitter='a custom emitter that has no method but `input(dict)`')}{SPEEDUP}"
    ),
}


class Kind(NamedTuple):
    """A kind of event, and its thresholds.

    Attributes:
        name: See `benches.targets.tracker.tracking`.
        contexts: The number of its contexts.
        cold: Build to threshold of the cold event.
        custom: The threshold with a custom emitter.
    """

    name: str
    contexts: int
    cold: Mapping[str, float]
    custom: float


KINDS = {
    "page view": Kind("page_view", 0, {OURS: 18, PLAIN: 15, ABI3: 8}, 7),
    "structured event": Kind("structured_event", 0, {OURS: 18, PLAIN: 15, ABI3: 8}, 7),
    "self-describing": Kind("order", 0, {OURS: 17, PLAIN: 14, ABI3: 8}, 10),
    "self-describing, 2 contexts": Kind("order", 2, {OURS: 16, PLAIN: 13, ABI3: 8}, 11),
}


def construct_and_track(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with snowplow-tracker 1.1.0 and 0.10.0."""
    warm = [*baselines.own, baselines.version_1_1, baselines.version_0_10]
    cold = [*baselines.builds, *baselines.originals]
    for kind in KINDS.values():
        check_payloads(warm, kind.name, kind.contexts)
    for title, explanation in EXPLANATIONS.items():
        programs = cold if title == COLD_TITLE else warm
        rows = [
            compare(
                case,
                [(program, _call(title, kind)) for program in programs],
                rounds,
                against=baselines.version_1_1,
                is_speedup=True,
                thresholds=_thresholds(title, kind),
            )
            for case, kind in KINDS.items()
        ]
        ratio = "speedup over 1.1.0"
        yield Table(title, explanation, "µs", ratio, higher_is_better=True, rows=rows)


def _call(title: str, kind: Kind) -> tuple[str | int, ...]:
    if title == COLD_TITLE:
        return ("cold", kind.name, kind.contexts, False, COLD_EVENTS)
    emitter = "input" if title == INPUT_TITLE else "post"
    return ("construct", emitter, kind.name, kind.contexts, EVENTS)


def _thresholds(title: str, kind: Kind) -> Mapping[str, float]:
    return {COLD_TITLE: kind.cold, INPUT_TITLE: {OURS: kind.custom}}.get(title, {})
