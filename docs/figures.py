"""Writes the figures of the last benchmarks into the documentation.

python docs/figures.py PAGE      write all tables to a page, which the site includes
python docs/figures.py --update  write the figures that README.md and docs/performance.md quote
"""  # noqa: INP001 - no package

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.cases import built_beforehand, construct_and_track, import_time, latency, limit
from benches.cases import throughput as delivery
from benches.field.job import ORDER
from benches.field.measure import END_TO_END
from benches.report import LABELS, as_section, number, read_json
from benches.results import ABI3, OURS, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.results import Row, Table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benches" / "results" / "results.json"
FIELD_RESULTS = RESULTS.with_name("field.json")
BLOCK = re.compile(r"(<!-- figures:(\w+) -->\n).*?(<!-- figures:end -->)", re.DOTALL)
OLD = "1.1.0"


def as_page(run: dict[str, Any], tables: list[Table]) -> str:
    """Return the tables, after the date, the machine and the versions of the run."""
    versions = "; ".join(dict.fromkeys(map(_versions, run["targets"].values())))
    return "\n\n".join([f"{origin(run)} {versions}.", *map(as_section, tables)]) + "\n"


def field_page(run: dict[str, Any], tables: list[Table]) -> str:
    """Return the tables of the field, and what is not like for like."""
    about = run["targets"]
    lines = [
        f"- {name} ({about[name]['version']}, {about[name]['runtime'].strip()}): {'; '.join(texts)}"
        for name, texts in run["differences"].items()
    ]
    skipped = [f"- skipped: {text}" for text in run["skipped"]]
    differences = "\n".join(["Not like for like:", "", *lines, *skipped])
    return "\n\n".join([origin(run), *map(as_section, tables), differences]) + "\n"


def origin(run: dict[str, Any]) -> str:
    """Return when and where a run was."""
    machine = f"{run['CPU']}, {run['system']}, {run['Python']}"
    return f"Measured on {run['date']} on {machine}, in {run['rounds']} rounds."


def _versions(target: dict[str, Any]) -> str:
    """Return the package of a target, or its packages, with their versions."""
    packages = {target["name"]: target["version"]} if "name" in target else target
    return ", ".join(f"{name} {version}" for name, version in packages.items())


class Figures:
    """The figures that pages quote, from the results of a run."""

    def __init__(self) -> None:
        self.run, tables = read_json(RESULTS)
        self.field_run, field_tables = read_json(FIELD_RESULTS)
        self._tables = {table.title: table for table in (*tables, *field_tables)}

    def rows(self, title: str) -> dict[str, Row]:
        """Return the rows of a table by their case."""
        return {row.case: row for row in self._tables[title].rows}

    def row(self, title: str, start: str) -> Row:
        """Return the row whose case starts with a text."""
        return next(row for case, row in self.rows(title).items() if case.startswith(start))

    def blocks(self) -> dict[str, str]:
        """Return the text of each block, by its name."""
        return {
            "construct": self.construct(),
            "more": self.more(),
            "limit": self.limit(),
            "field": self.field(),
        }

    def construct(self) -> str:
        """Return the table of constructing and tracking, cold."""
        own = self.rows(construct_and_track.COLD_TITLE)
        custom = self.rows(construct_and_track.INPUT_TITLE)
        builds = [name for name in (OURS, PLAIN, ABI3) if name in next(iter(own.values())).values]
        head = ["event", *(f"{LABELS[name]}, µs" for name in builds), "1.1.0, µs", "0.10.0, µs"]
        head += ["speedup over 1.1.0", "speedup with `input(dict)`"]
        lines = [head, ["---"] * len(head)]
        for case, row in own.items():
            values = [number(row.values[name]) for name in (*builds, OLD, "0.10.0")]
            speedups = [row.ratios[OURS], custom[case].ratios[OURS]]
            lines.append([case, *values, *(f"{speedup:.1f}x" for speedup in speedups)])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def more(self) -> str:
        """Return a list of the other figures that users ask for first."""
        return "".join(f"{line}\n" for line in self._more())

    def _more(self) -> Iterator[str]:
        yield "- **Delivery** of events of about 1.2 kB to a local collector, encoding included:"
        rates = self.rows(delivery.RATE_TITLE).values()
        for place, row in enumerate(rates, 1):
            case = row.case.rpartition(", ")[0]
            end = "." if place == len(rates) else ";"
            rate = f"{float(f'{row.values[OURS] * 1e3:.3g}'):,.0f} events/s"
            yield f"  {case}: {rate}, {row.ratios[OURS]:.1f}x the throughput of 1.1.0{end}"
        cpu = self.row(delivery.CPU_TITLE, "AsyncEmitter").values
        yield (
            f"- **CPU per event** in a process with an `AsyncEmitter`, sending included: "
            f"{number(cpu[OURS])} µs (1.1.0: {number(cpu[OLD])} µs)."
        )
        for title, text in (
            (latency.SENDING_TITLE, "while events are sent"),
            (latency.SILENT_TITLE, "while the collector does not respond"),
        ):
            values = self.row(title, "AsyncEmitter, p99.9").values
            yield (
                f"- **Latency** of `track()` {text}, 99.9th percentile: "
                f"{number(values[OURS])} µs (1.1.0: {number(values[OLD])} µs)."
            )
        alone = self.row(import_time.ALONE_TITLE, "import").values
        yield f"- **Import time**: {number(alone[OURS])} ms (1.1.0: {number(alone[OLD])} ms)."

    def limit(self) -> str:
        """Return where this package is beside the limit, and beside JSON and base64 alone."""
        text = ""
        for row in self.rows(limit.TITLE).values():
            text += (
                f"- {row.case}: {number(row.values[OURS])} µs, the limit "
                f"{number(row.values[limit.LIMIT])} µs, so {number(row.ratios[OURS])} times as "
                "much.\n"
            )
        for case, row in self.rows(built_beforehand.TITLE).items():
            alone = "orjson + b64encode"
            text += (
                f"- {case}, `track()` alone: {number(row.values[OURS])} µs. JSON and base64 alone "
                f"take {number(row.values[alone])} µs with {alone}.\n"
            )
        return text

    def field(self) -> str:
        """Return the table of the field."""
        lines = "| library | CPU of an order sent, µs | of a page view, µs |\n| --- | --- | --- |\n"
        for case, row in self.rows(END_TO_END).items():
            order, view = (number(row.values[kind]) for kind in (ORDER, "page view"))
            lines += f"| {case} | {order} | {view} |\n"
        return lines


def updated(text: str, blocks: dict[str, str]) -> str:
    """Return a page with its blocks of figures written anew."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{blocks[found[2]]}\n{found[3]}", text)


def update() -> None:
    """Write the figures into the pages that quote some."""
    blocks = Figures().blocks()
    for page in (ROOT / "README.md", ROOT / "docs" / "performance.md"):
        page.write_text(updated(page.read_text(encoding="utf-8"), blocks), encoding="utf-8")


def write_page(page: Path) -> None:
    """Write all tables to a page."""
    page.parent.mkdir(parents=True, exist_ok=True)
    text = f"{as_page(*read_json(RESULTS))}\n{field_page(*read_json(FIELD_RESULTS))}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "--update":
        update()
    else:
        write_page(Path(sys.argv[1]))
