"""Writes the tables of the last benchmark as Markdown, to a file."""  # noqa: INP001 - no package

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benches.report import as_markdown
from benches.results import Row, Table

RESULTS = Path(__file__).parents[1] / "benches" / "results" / "results.json"


def as_page(results: dict[str, Any]) -> str:
    """Return what was measured, when, and on what."""
    run, tables = results["run"], results["tables"]
    where = f"{run['CPU']}, {run['system']}, {run['Python']}"
    versions = "; ".join(_versions(side) for side in run["sides"].values())
    origin = f"{run['date']}: {where}, {run['rounds']} rounds. {versions}."
    return "\n\n".join([origin, *map(_section, tables)]) + "\n"


def _versions(side: dict[str, Any]) -> str:
    """Return a side's package, or its packages, with their versions."""
    packages = {side["name"]: side["version"]} if "name" in side else side
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def _section(table: dict[str, Any]) -> str:
    rows = [Row(**row) for row in table["rows"]]
    title = table["title"]
    # The title is the table's first cell: here it stands above.
    text = as_markdown(Table(**{**table, "rows": rows})).replace(title, " " * len(title), 1)
    return f"### {title}\n\n{text}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(as_page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
