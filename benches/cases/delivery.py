"""Shared by the delivery cases: their targets, the collector, and interleaved rounds."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benches.runner import Target, original

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.baselines import Baselines
    from benches.runner import Call

__all__ = ["OLD", "delivery_targets", "least"]

OLD = "1.1.0"


@contextmanager
def delivery_targets(baselines: Baselines) -> Iterator[tuple[list[Target], Target]]:
    """Start a process for each target, builds of this package first, and one for the collector."""
    folders = {build.name: build.folder for build in baselines.builds} | {OLD: original(OLD)}
    with ExitStack() as stack:
        targets = [
            stack.enter_context(Target(name, "delivery", package_path=folder))
            for name, folder in folders.items()
        ]
        yield targets, stack.enter_context(Target("collector", "collector"))


def least(targets: Sequence[Target], call: Call, rounds: int) -> dict[str, dict[str, float]]:
    """Return, for each target, the minimum of each figure that the call returns."""
    results: dict[str, list[dict[str, float]]] = {target.name: [] for target in targets}
    for _ in range(rounds):
        for target in targets:
            results[target.name].append(target.call(*call))
    return {
        name: {key: min(result[key] for result in rows) for key in rows[0]}
        for name, rows in results.items()
    }
