"""The JSON writer alone, on whole documents."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benches.cases.compare import compare
from benches.data.corpora import NUMBERS, SMALL, TEXT, corpora
from benches.results import OURS, Table
from benches.runner import OutputMismatchError, Target, peers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benches.baselines import Baselines
    from benches.results import Row

__all__ = ["json_writer"]

THRESHOLDS = {SMALL: {OURS: 1.0}, TEXT: {OURS: 1.5}, NUMBERS: {OURS: 2.0}}
BYTES_PER_ROUND = 4_000_000
TITLES = {
    SMALL: "JSON writer: small nested documents of events",
    TEXT: "JSON writer: text-heavy documents",
    NUMBERS: "JSON writer: arrays of numbers",
}
EXPLANATION = (
    "CPU time to encode one document. This package and `orjson.dumps` return UTF-8 bytes; "
    "`orjson.dumps.decode` and `json.dumps` return a str. The ratios are the time of this package "
    "divided by the time of orjson; below 1, this package is faster."
)


def json_writer(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with orjson, with and without decoding to str, and with the standard library."""
    rows: dict[str, list[Row]] = {kind: [] for kind in TITLES}
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        libraries = [stack.enter_context(library) for library in _libraries()]
        targets = [*baselines.own, *libraries]
        for number, corpus in enumerate(corpora()):
            path = Path(folder, f"{number}.json")
            size = path.write_bytes(_compact(corpus.document))
            _check_digests(targets, str(path), corpus.name)
            call = ("write", str(path), max(1, BYTES_PER_ROUND // size))
            rows[corpus.kind].append(
                compare(
                    f"{corpus.name}, {size_text(size)}",
                    [(target, call) for target in targets],
                    rounds,
                    against=libraries[0],
                    is_speedup=False,
                    thresholds=THRESHOLDS[corpus.kind],
                    also=libraries[1],
                )
            )
    for kind, title in TITLES.items():
        ratio = "relative to orjson.dumps"
        yield Table(title, EXPLANATION, "µs", ratio, higher_is_better=False, rows=rows[kind])


def _libraries() -> Iterator[Target]:
    for name, argument in (
        ("orjson.dumps", "orjson"),
        ("orjson.dumps.decode", "orjson-str"),
        ("json.dumps", "json"),
    ):
        yield Target(name, "libraries", argument, package_path=peers())


def size_text(size: int) -> str:
    """Return a number of bytes with its unit."""
    return f"{size} B" if size < 1000 else f"{size / 1000:,.0f} kB"  # noqa: PLR2004 - a kilobyte


def _compact(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _check_digests(targets: Sequence[Target], path: str, name: str) -> None:
    if len({target.call("digest", path) for target in targets}) != 1:
        raise OutputMismatchError(f"the JSON writers encode {name} differently")
