"""Tables as text, and all results as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benches.results import BUILDS, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benches.results import Row, Table

__all__ = ["as_markdown", "write_json"]


def as_markdown(table: Table) -> str:
    """Return a table in Markdown, its columns lined up."""
    targets = list(dict.fromkeys(name for row in table.rows for name in row.values))
    head = [table.title, *(f"{name}, {table.unit}" for name in targets)]
    for name, has_threshold in _ratio_columns(table):
        head += [
            table.ratio if name == OURS else f"{name}: {table.ratio}",
            *["threshold"] * has_threshold,
        ]
    head += table.rows[0].also
    lines = [head, *(list(_cells(table, row, targets)) for row in table.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(_joined(line, widths) for line in lines)


def _joined(line: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
    return f"| {' | '.join(padded)} |"


def _ratio_columns(table: Table) -> list[tuple[str, bool]]:
    """Return each build that has a ratio, and whether any of its rows has a threshold."""
    return [
        (name, any(name in row.thresholds for row in table.rows))
        for name in BUILDS
        if name in table.rows[0].ratios
    ]


def _cells(table: Table, row: Row, targets: list[str]) -> Iterator[str]:
    yield row.case
    for name in targets:
        yield number(row.values[name]) if name in row.values else ""
    for name, has_threshold in _ratio_columns(table):
        yield number(row.ratios[name])
        if has_threshold:
            yield _verdict(table, row, name) if name in row.thresholds else ""
    yield from map(number, row.also.values())


def _verdict(table: Table, row: Row, build: str) -> str:
    sign = ">=" if table.is_floor else "<="
    verdict = "met" if table.is_met(row, build) else "missed"
    return f"{sign} {row.thresholds[build]:g} {verdict}"


def number(value: float) -> str:
    """Return a number with three digits that count, or all before its point."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0  # noqa: PLR2004
    return f"{value:,.{digits}f}"


def write_json(path: Path, run: dict[str, Any], tables: Sequence[Table]) -> None:
    """Write a run's facts and all of its tables."""
    results = {"run": run, "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
