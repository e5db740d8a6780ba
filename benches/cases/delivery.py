"""What the questions about delivery share: their targets, the collector, rounds by turns."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benches.runner import Target, original

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.baselines import Baselines
    from benches.runner import Request

__all__ = ["OLD", "delivery_targets", "least"]

OLD = "1.1.0"


@contextmanager
def delivery_targets(baselines: Baselines) -> Iterator[tuple[list[Target], Target]]:
    """Start the targets, ours first, and the collector, each a process of its own."""
    folders = {build.name: build.folder for build in baselines.builds} | {OLD: original(OLD)}
    with ExitStack() as stack:
        targets = [
            stack.enter_context(Target(name, "delivery", package_path=folder))
            for name, folder in folders.items()
        ]
        yield targets, stack.enter_context(Target("collector", "collector"))


def least(targets: Sequence[Target], request: Request, rounds: int) -> dict[str, dict[str, float]]:
    """Return the least of each number that a target answers with, of rounds by turns."""
    answers: dict[str, list[dict[str, float]]] = {target.name: [] for target in targets}
    for _ in range(rounds):
        for target in targets:
            answers[target.name].append(target.call(*request))
    return {
        name: {key: min(answer[key] for answer in given) for key in given[0]}
        for name, given in answers.items()
    }
