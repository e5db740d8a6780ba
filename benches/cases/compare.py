"""A row of a table out of rounds by turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.results import BUILDS, OURS, Row
from benches.runner import interleaved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benches.runner import Request, Target

__all__ = ["compare"]

NO_THRESHOLDS: Mapping[str, float] = {}


def compare(
    case: str,
    requests: Sequence[tuple[Target, Request]],
    rounds: int,
    *,
    against: Target,
    is_speedup: bool,
    thresholds: Mapping[str, float] = NO_THRESHOLDS,
    also: Target | None = None,
) -> Row:
    """Return microseconds by target, and each build's ratio to one of the others.

    Args:
        case: The row's name.
        requests: What each target is asked, once a round.
        rounds: How many.
        against: The target that the ratio is about.
        is_speedup: Whether a ratio is the other's time over ours, or ours over the other's.
        thresholds: What the ratio of a build should reach.
        also: Another target, whose share of time is told beside the ratio.
    """
    seconds = interleaved(requests, rounds)
    other = seconds[against.name]
    builds = [name for name in seconds if name in BUILDS]
    return Row(
        case,
        {name: value * 1e6 for name, value in seconds.items()},
        {name: other / seconds[name] if is_speedup else seconds[name] / other for name in builds},
        {name: threshold for name, threshold in thresholds.items() if name in builds},
        {f"ours / ({also.name})": seconds[OURS] / seconds[also.name]} if also else {},
    )
