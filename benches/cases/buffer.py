"""The in-memory buffer: CPU time of an event as the buffer grows, and memory of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.results import OURS, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines
    from benches.runner import Program

__all__ = ["buffer_cost", "buffer_memory"]

SIZES = (1_000, 10_000, 100_000, 1_000_000)
KINDS = {"page views": ("page_view", 0), "self-describing events with 2 contexts": ("order", 2)}
BLOCK = 1_000
WARM_UP = 50  # events: enough to warm up the code, too few to touch much of the memory
MOST_ROUNDS = 9
COST_THRESHOLD = 1.1
ALLOCATED_THRESHOLD, RESIDENT_THRESHOLD = 1.05, 1.15
LARGE = 100_000  # events: below, the growth of resident memory is mostly noise
COST_EXPLANATION = (
    f"CPU time per event of constructing and tracking {BLOCK:,} further page views, when the "
    "buffer already holds as many as the row says. The process is fresh, so that the cost of new "
    f"memory is included. The ratio is relative to a buffer of {SIZES[0]:,}."
)
MEMORY_EXPLANATION = (
    "Bytes per buffered event. Allocated: the capacity of the buffer. Resident: growth of the "
    "process's resident memory. The ratio is relative to the bytes that the event takes in a "
    "request body."
)


def buffer_cost(baselines: Baselines, rounds: int, most_events: int) -> Iterator[Table]:
    """Measure events as one buffer grows. Each round uses a fresh process with fresh memory."""
    sizes = [size for size in SIZES if size <= most_events]
    least = {build.name: [float("inf")] * len(sizes) for build in baselines.builds}
    for _ in range(min(rounds, MOST_ROUNDS)):
        for build in baselines.builds:
            with build.open() as target:
                target.call("construct", "post", "page_view", 0, WARM_UP)
                seconds = target.call("grow", "page_view", 0, sizes, BLOCK)
            least[build.name] = list(map(min, least[build.name], seconds))
    rows: list[Row] = []
    for place, size in enumerate(sizes):
        values = {name: seconds[place] * 1e6 for name, seconds in least.items()}
        base = rows[0].values if rows else values
        ratios = {name: value / base[name] for name, value in values.items()}
        thresholds = {OURS: COST_THRESHOLD} if rows else {}
        rows.append(Row(f"{size:,} page views", values, ratios, thresholds))
    title, ratio = "Cost of an event as the buffer grows", f"relative to {SIZES[0]:,}"
    yield Table(title, COST_EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows)


def buffer_memory(baselines: Baselines, _rounds: int, most_events: int) -> Iterator[Table]:
    """Measure the memory of buffered events, each time in a fresh process."""
    rows: list[Row] = []
    for case, (kind, contexts) in KINDS.items():
        for events in (SIZES[0], most_events):
            sizes = {
                build.name: _memory(build, kind, contexts, events) for build in baselines.builds
            }
            rows += _memory_rows(f"{events:,} {case}", sizes, events)
    title, ratio = "Memory of a buffered event", "relative to request body"
    yield Table(title, MEMORY_EXPLANATION, "B", ratio, higher_is_better=False, rows=rows)


def _memory(build: Program, kind: str, contexts: int, events: int) -> dict[str, int]:
    sizes: dict[str, int] = build.call("memory", kind, contexts, events)
    return sizes


def _memory_rows(case: str, sizes: dict[str, dict[str, int]], events: int) -> Iterator[Row]:
    thresholds = {"allocated": ALLOCATED_THRESHOLD, "resident": RESIDENT_THRESHOLD}
    for kind, threshold in thresholds.items():
        # Resident memory is 0 on systems that do not report it.
        if kind == "resident" and (events < LARGE or not sizes[OURS][kind]):
            continue
        values = {name: size[kind] / events for name, size in sizes.items()}
        values["request body"] = sizes[OURS]["wire"] / events
        ratios = {name: size[kind] / size["wire"] for name, size in sizes.items()}
        yield Row(f"{case}, {kind}", values, ratios, {OURS: threshold})
