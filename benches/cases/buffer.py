"""A full buffer: what an event costs as it grows, and the memory of a buffered event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.results import OURS, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines, Build

__all__ = ["buffer_cost", "buffer_memory"]

SIZES = (1_000, 10_000, 100_000, 1_000_000)
KINDS = {"page view": ("page_view", 0), "with two contexts": ("order", 2)}
BLOCK = 1_000
WARM_UP = 50  # events: the code runs warm, and hardly any memory has been used before
MOST_ROUNDS = 9
FLAT = 1.1
ALLOCATED_THRESHOLD, RESIDENT_THRESHOLD = 1.1, 1.15
LARGE = 100_000  # events from which on resident memory says something


def buffer_cost(baselines: Baselines, rounds: int, most_events: int) -> Iterator[Table]:
    """Measure events while one buffer grows, in fresh processes: in memory that is fresh too."""
    sizes = [size for size in SIZES if size <= most_events]
    least = {build.name: [float("inf")] * len(sizes) for build in baselines.builds}
    for _ in range(min(rounds, MOST_ROUNDS)):
        for build in baselines.builds:
            with build.open() as target:
                target.call("construct", "post", "page_view", 0, WARM_UP)
                answer = target.call("grow", "page_view", 0, sizes, BLOCK)
            least[build.name] = list(map(min, least[build.name], answer))
    rows: list[Row] = []
    for place, size in enumerate(sizes):
        values = {name: seconds[place] * 1e6 for name, seconds in least.items()}
        base = rows[0].values if rows else values
        ratios = {name: value / base[name] for name, value in values.items()}
        rows.append(Row(f"{size:,} page views", values, ratios, {OURS: FLAT} if rows else {}))
    title = f"construct + track {BLOCK:,} events more while a buffer holds so many, an event"
    yield Table(title, "us", f"to {SIZES[0]:,}", is_floor=False, rows=rows)


def buffer_memory(baselines: Baselines, _rounds: int, most_events: int) -> Iterator[Table]:
    """Measure memory against bytes on the wire, each in a process of its own."""
    rows: list[Row] = []
    for case, (kind, contexts) in KINDS.items():
        for events in (SIZES[0], most_events):
            answers = {
                build.name: _memory(build, kind, contexts, events) for build in baselines.builds
            }
            rows += _memory_rows(f"{events:,} times {case}", answers, events)
    yield Table("memory of a buffered event", "B", "to the wire", is_floor=False, rows=rows)


def _memory(build: Build, kind: str, contexts: int, events: int) -> dict[str, int]:
    with build.open() as target:
        answer: dict[str, int] = target.call("memory", kind, contexts, events)
        return answer


def _memory_rows(case: str, answers: dict[str, dict[str, int]], events: int) -> Iterator[Row]:
    thresholds = {"allocated": ALLOCATED_THRESHOLD, "resident": RESIDENT_THRESHOLD}
    for what, threshold in thresholds.items():
        if what == "resident" and (events < LARGE or not answers[OURS][what]):
            continue
        values = {name: answer[what] / events for name, answer in answers.items()}
        values["wire"] = answers[OURS]["wire"] / events
        ratios = {name: answer[what] / answer["wire"] for name, answer in answers.items()}
        yield Row(f"{case}, {what}", values, ratios, {OURS: threshold})
