"""Writes the tables of the last benchmark as Markdown, to a file."""  # noqa: INP001 - no package

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.report import as_section, read_json

if TYPE_CHECKING:
    from benches.results import Table

RESULTS = Path(__file__).parents[1] / "benches" / "results" / "results.json"


def as_page(run: dict[str, Any], tables: list[Table]) -> str:
    """Return the tables, after the date, the machine and the versions of the run."""
    machine = f"{run['CPU']}, {run['system']}, {run['Python']}"
    versions = "; ".join(dict.fromkeys(map(_versions, run["targets"].values())))
    origin = f"Measured on {run['date']} on {machine}, in {run['rounds']} rounds. {versions}."
    return "\n\n".join([origin, *map(as_section, tables)]) + "\n"


def _versions(target: dict[str, Any]) -> str:
    """Return the package of a target, or its packages, with their versions."""
    packages = {target["name"]: target["version"]} if "name" in target else target
    return ", ".join(f"{name} {version}" for name, version in packages.items())


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(as_page(*read_json(RESULTS)), encoding="utf-8")
