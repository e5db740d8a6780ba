"""`track()` of an existing self-describing event, against JSON and base64 of the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.cases.construct_and_track import COLD_EVENTS
from benches.results import OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benches.baselines import Baselines
    from benches.results import Row
    from benches.runner import Call, Runnable

__all__ = ["TITLE", "built_beforehand"]

EVENTS = 2_000
TITLE = "track() of an existing event, against JSON and base64 only"
EXPLANATION = (
    "CPU time per event. This package runs a whole `track()`: event id, timestamp, all fields, "
    "buffering. Cold: in a new process, into memory that it never used before; warm: into memory "
    "that is used again. The baselines only encode the event's data and contexts as JSON and "
    "base64, and discard the result, so their memory is always warm. pybase64 is its "
    "`urlsafe_b64encode`, as most programs call it; b64encode is its faster function with the two "
    "characters for URLs as an argument. The ratios are the time of this package divided by "
    "theirs; below 1, `track()` is faster."
)
# Case to its number of contexts, and the threshold of the cold event.
CASES = {"self-describing": (0, 0.75), "self-describing, 2 contexts": (2, 0.62)}


def built_beforehand(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with the fastest libraries and with the standard library."""
    rows = []
    for case, (contexts, threshold) in CASES.items():
        check_payloads([*baselines.own, *baselines.libraries], "order", contexts)
        cold: Call = ("cold", "order", contexts, True, COLD_EVENTS)
        warm: Call = ("track_built", "order", contexts, EVENTS)
        for name, programs, call, thresholds in (
            ("cold", baselines.builds, cold, {OURS: threshold}),
            ("warm", baselines.own, warm, {}),
        ):
            own = [(program, call) for program in programs]
            rows.append(_row(baselines, f"{case}, {name}", contexts, own, rounds, thresholds))
    ratio = "relative to orjson + pybase64"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows)


def _row(
    baselines: Baselines,
    case: str,
    contexts: int,
    own: Sequence[tuple[Runnable, Call]],
    rounds: int,
    thresholds: Mapping[str, float],
) -> Row:
    libraries = [
        (library, ("encode", "order", contexts, EVENTS)) for library in baselines.libraries
    ]
    pybase64, b64encode, _ = baselines.libraries
    return compare(
        case,
        [*own, *libraries],
        rounds,
        against=pybase64,
        is_speedup=False,
        thresholds=thresholds,
        also=b64encode,
    )
