"""Results as Markdown and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benches.results import ABI3, BUILDS, OURS, PLAIN, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = [
    "LABELS",
    "as_markdown",
    "as_section",
    "read_json",
    "summary_of_thresholds",
    "write_json",
]

LABELS = {
    OURS: "this package",
    PLAIN: "plain build",
    ABI3: "abi3 build",
    "1.1.0": "snowplow-tracker 1.1.0",
    "0.10.0": "snowplow-tracker 0.10.0",
}


def as_section(table: Table) -> str:
    """Return a Markdown section: heading, explanation and table."""
    return f"### {table.title}\n\n{table.explanation}\n\n{as_markdown(table)}"


def as_markdown(table: Table) -> str:
    """Return the figures as a Markdown table with aligned columns."""
    targets = list(dict.fromkeys(name for row in table.rows for name in row.values))
    head = ["case", *(f"{_label(name)}, {table.unit}" for name in targets)]
    for build, has_threshold in _ratio_columns(table):
        head.append(table.ratio if build == OURS else f"{_label(build)}: {table.ratio}")
        head += ["threshold"] if has_threshold else []
    head += table.rows[0].also
    lines = [head, *(list(_cells(table, row, targets)) for row in table.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(_joined(line, widths) for line in lines)


def _label(name: str) -> str:
    """Return the heading of a target: `ours, 2 threads` becomes `this package, 2 threads`."""
    target, comma, rest = name.partition(",")
    return LABELS.get(target, target) + comma + rest


def _joined(line: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
    return f"| {' | '.join(padded)} |"


def _ratio_columns(table: Table) -> list[tuple[str, bool]]:
    """Return each build that has a ratio, and whether any row has a threshold for it."""
    return [
        (build, any(build in row.thresholds for row in table.rows))
        for build in BUILDS
        if build in table.rows[0].ratios
    ]


def _cells(table: Table, row: Row, targets: list[str]) -> Iterator[str]:
    yield row.case
    for name in targets:
        yield number(row.values[name]) if name in row.values else ""
    for build, has_threshold in _ratio_columns(table):
        yield number(row.ratios[build])
        if has_threshold:
            yield _verdict(table, row, build) if build in row.thresholds else ""
    yield from map(number, row.also.values())


def _verdict(table: Table, row: Row, build: str) -> str:
    sign = ">=" if table.higher_is_better else "<="
    verdict = "met" if table.is_met(row, build) else "missed"
    return f"{sign} {row.thresholds[build]:g}: {verdict}"


def number(value: float) -> str:
    """Return a number rounded to three significant digits, or to a whole number from 100 on."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0  # noqa: PLR2004
    return f"{value:,.{digits}f}"


def summary_of_thresholds(tables: Sequence[Table]) -> str:
    """Return how many thresholds were missed, and a line for each of them."""
    missed = [line for table in tables for line in table.missed()]
    total = sum(len(row.thresholds) for table in tables for row in table.rows)
    return "\n".join([f"Thresholds missed: {len(missed)} of {total}", *missed])


def write_json(path: Path, run: dict[str, Any], tables: Sequence[Table]) -> None:
    """Write the description of a run and all of its tables."""
    results = {"run": run, "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> tuple[dict[str, Any], list[Table]]:
    """Return what `write_json` wrote."""
    results = json.loads(path.read_text(encoding="utf-8"))
    tables = [
        Table(**table | {"rows": [Row(**row) for row in table["rows"]]})
        for table in results["tables"]
    ]
    return results["run"], tables
