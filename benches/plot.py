"""Draws the bar chart of the README as an SVG, in colours for light and dark pages.

    python -m benches.plot FOLDER

draws `plot.svg` in a folder again, from the `results.json` there.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from benches.baselines import LIBRARIES
from benches.cases import built_beforehand, construct_and_track
from benches.report import LABELS, read_json
from benches.results import OURS, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.results import Row, Table

__all__ = ["BAR", "BOTTOM", "GAP", "SECTION", "TOP", "WIDTH", "as_svg", "bar", "plot", "text"]

WIDTH, LEFT, RIGHT = 760, 220, 190
BAR, GAP, GROUP_GAP = 16, 3, 14
TOP, SECTION, BOTTOM = 22, 34, 30
STYLE = """
  .page { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328; font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
  .title { font-weight: 600; font-size: 13px }
  .faint { fill: #59636e; font-size: 11px }
  .ours { fill: #c2410c }
  rect.plain { opacity: .6 }
  .other { fill: #8c959f }
  text.ours { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .ours { fill: #fb923c }
    .other { fill: #656c76 }
  }
"""


@dataclass(frozen=True)
class Section:
    """A part of the chart with its own scale.

    Attributes:
        title: A heading.
        rows: One group of bars for each.
        others: The targets that are drawn below this package's builds. The ratio is to the first
            of them.
        is_speedup: True if the rows' ratio is a speedup, False if it is a relative time.
    """

    title: str
    rows: list[Row]
    others: list[str]
    is_speedup: bool


def plot(run: dict[str, Any], tables: Sequence[Table]) -> str:
    """Return an SVG: constructing and tracking, and `track()` against JSON and base64 only.

    Args:
        run: The description of the run.
        tables: All tables of the run.
    """
    by_title = {table.title: table for table in tables}
    sections = [
        Section(
            "Construct and track one event: CPU time, µs",
            by_title[construct_and_track.COLD_TITLE].rows,
            ["1.1.0"],
            is_speedup=True,
        ),
        Section(
            "track() of an existing event, against JSON and base64 only: CPU time, µs",
            [row for row in by_title[built_beforehand.TITLE].rows if row.case.endswith("cold")],
            list(LIBRARIES),
            is_speedup=False,
        ),
    ]
    body, height = "", TOP
    for section in sections:
        drawn, height = _section(section, height)
        body += drawn
    machine = f"{run['Python']}, {run['CPU']}, {run['date']}"
    source = f"Cold: new memory. Shorter is better. {machine}. Run: make bench"
    body += text(20, height + 6, source, "faint")
    height += BOTTOM
    return as_svg("CPU time of tracking an event", body, height)


def as_svg(title: str, body: str, height: int) -> str:
    """Return an SVG with a title for those who do not see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'width="{WIDTH}" height="{height}">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>\n'
        f"{body}</svg>\n"
    )


def _section(section: Section, y: int) -> tuple[str, int]:
    """Return a section drawn from `y` downwards, and the `y` of its end."""
    builds = [name for name in (OURS, PLAIN) if name in section.rows[0].values]
    targets = [*builds, *section.others]
    most = max(row.values[target] for row in section.rows for target in targets)
    drawn = text(20, y + 6, section.title, "title")
    y += SECTION - GROUP_GAP
    for row in section.rows:
        drawn += text(20, y + BAR - 4, row.case)
        for target in targets:
            drawn += "".join(_bar(section, row, target, y, most))
            y += BAR + GAP
        y += GROUP_GAP
    return drawn, y + GROUP_GAP


def _bar(section: Section, row: Row, target: str, y: int, most: float) -> Iterator[str]:
    length = row.values[target] / most * (WIDTH - LEFT - RIGHT)
    kind = {OURS: "ours", PLAIN: "ours plain"}.get(target, "other")
    yield bar(LEFT, y, length, kind)
    label = f"{row.values[target]:.2f} {LABELS.get(target, target)}"
    if target in row.ratios:
        speedup = row.ratios[target] if section.is_speedup else 1 / row.ratios[target]
        label += f", {speedup:.1f}x as fast as {section.others[0]}"
    yield text(LEFT + length + 6, y + BAR - 4, label, kind if target == OURS else "faint")


def bar(x: float, y: int, length: float, kind: str) -> str:
    """Return a horizontal bar."""
    width = max(1.0, length)
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>\n'


def text(x: float, y: float, content: str, kind: str = "") -> str:
    """Return a line of text whose baseline starts there."""
    attribute = f' class="{kind}"' if kind else ""
    return f'<text{attribute} x="{x:.1f}" y="{y}">{escape(content)}</text>\n'


def main(folder: Path) -> None:
    run, tables = read_json(folder / "results.json")
    (folder / "plot.svg").write_text(plot(run, tables), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
