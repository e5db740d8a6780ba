"""What the questions about delivery share: their sides, the collector, rounds by turns."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benches.runner import Side, original

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.opponents import Opponents
    from benches.runner import Request

__all__ = ["OLD", "delivering_sides", "least"]

OLD = "1.1.0"


@contextmanager
def delivering_sides(opponents: Opponents) -> Iterator[tuple[list[Side], Side]]:
    """Start the sides, ours first, and the collector, each a process of its own."""
    folders = {build.name: build.folder for build in opponents.builds} | {OLD: original(OLD)}
    with ExitStack() as stack:
        sides = [
            stack.enter_context(Side(name, "delivering", package_path=folder))
            for name, folder in folders.items()
        ]
        yield sides, stack.enter_context(Side("collector", "collector"))


def least(sides: Sequence[Side], request: Request, rounds: int) -> dict[str, dict[str, float]]:
    """Return the least of each number that a side answers with, of rounds by turns."""
    answers: dict[str, list[dict[str, float]]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            answers[side.name].append(side.ask(*request))
    return {
        name: {key: min(answer[key] for answer in given) for key in given[0]}
        for name, given in answers.items()
    }
