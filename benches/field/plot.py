"""Draws the CPU time of each library, end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.field.contenders import OURS
from benches.field.job import ORDER
from benches.plot import BAR, BOTTOM, GAP, SECTION, TOP, WIDTH, as_svg, bar, text

if TYPE_CHECKING:
    from benches.results import Row, Table

__all__ = ["plot"]

LEFT, RIGHT = 270, 90
TITLE = "Track and send an order with two entities: CPU time of an event, µs"


def plot(run: dict[str, Any], table: Table) -> str:
    """Return an SVG: a bar for each library, the fastest first.

    Args:
        run: The description of the run.
        table: The one of the events that were sent.
    """
    most = max(row.values[ORDER] for row in table.rows)
    body, y = text(20, TOP + 6, TITLE, "title"), TOP + SECTION - BAR
    for row in table.rows:
        body += _bar(row, y, most)
        y += BAR + 2 * GAP
    machine = f"{run['Python']}, {run['CPU']}, {run['date']}"
    body += text(20, y + BAR, f"Shorter is better. {machine}. Run: make bench-field", "faint")
    return as_svg(TITLE, body, y + BOTTOM)


def _bar(row: Row, y: int, most: float) -> str:
    is_ours = row.case.startswith(OURS.partition(",")[0])
    kind = "ours" if is_ours else "other"
    length = row.values[ORDER] / most * (WIDTH - LEFT - RIGHT)
    return (
        text(20, y + BAR - 4, row.case, "ours" if is_ours else "")
        + bar(LEFT, y, length, kind)
        + text(LEFT + length + 6, y + BAR - 4, f"{row.values[ORDER]:.1f}", "faint")
    )
