"""Additions to a tracker, such as scopes and hooks, against a tracker without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.cases.compare import compare
from benches.results import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines
    from benches.runner import Runnable

__all__ = ["TITLE", "additions"]

EVENTS = 2_000
TITLE = "Page view with what a program has added to the tracker"
EXPLANATION = (
    "CPU time per event: constructing and tracking. The baseline is the same build of this "
    "package, in the same process, with a tracker to which nothing is added. The scope has two "
    "fields. `before_send` returns the event; in the last row it changes a field."
)
CASES = {
    "nothing": "nothing",
    "`use_scope`, without a scope": "scope",
    "`use_scope`, inside a scope": "inside scope",
    "a static global context": "static",
    "a global context with a Ruleset": "rules",
    "`before_send`": "before_send",
    "`before_send` that changes a field": "before_send changes",
}


class _Without:
    """A target under another name, for the tracker without additions."""

    name = "without"

    def __init__(self, target: Runnable) -> None:
        self._target = target

    def call(self, task: str, *arguments: Any) -> Any:
        return self._target.call(task, *arguments)


def additions(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare trackers of this package."""
    own = baselines.own[0]
    without = _Without(own)
    rows = [
        compare(
            case,
            [
                (own, ("with_addition", addition, EVENTS)),
                (without, ("with_addition", "nothing", EVENTS)),
            ],
            rounds,
            against=without,
            is_speedup=False,
        )
        for case, addition in CASES.items()
    ]
    ratio = "relative to a tracker without"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows)
