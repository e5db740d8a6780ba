"""`compare`: measure targets in interleaved rounds, and return a row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.results import BUILDS, OURS, Row
from benches.runner import interleaved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benches.runner import Call, Runnable

__all__ = ["compare"]

NO_THRESHOLDS: Mapping[str, float] = {}


def compare(
    case: str,
    calls: Sequence[tuple[Runnable, Call]],
    rounds: int,
    *,
    against: Runnable,
    is_speedup: bool,
    thresholds: Mapping[str, float] = NO_THRESHOLDS,
    also: Runnable | None = None,
) -> Row:
    """Return a row with microseconds for each target, and a ratio for each build of ours.

    Args:
        case: The row's name.
        calls: The call that each target gets once a round. It must return seconds.
        rounds: How many rounds to run.
        against: The baseline of the ratio.
        is_speedup: True for the baseline's time divided by ours, False for ours divided by the
            baseline's.
        thresholds: Build name to threshold of its ratio. Default: no threshold.
        also: A second baseline. Our time divided by its time is reported too. Default None.
    """
    seconds = interleaved(calls, rounds)
    other = seconds[against.name]
    builds = [name for name in seconds if name in BUILDS]
    return Row(
        case,
        {name: value * 1e6 for name, value in seconds.items()},
        {name: other / seconds[name] if is_speedup else seconds[name] / other for name in builds},
        {name: threshold for name, threshold in thresholds.items() if name in builds},
        {f"relative to {also.name}": seconds[OURS] / seconds[also.name]} if also else {},
    )
