"""Events with much data, and with texts that are not ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches.cases.compare import compare
from benches.data.documents import SCRIPTS
from benches.results import OURS, Table
from benches.runner import check_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.baselines import Baselines
    from benches.results import Row
    from benches.runner import Call

__all__ = ["new_texts", "payload_size"]

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
LONG_TEXT, MANY_ITEMS = 100_000, 1_000
# Case to the document, its number, its size in bytes, and its threshold.
DOCUMENTS: dict[str, tuple[str, int, int, float | None]] = {
    **{f"{size:,} B of data": ("sized", size, size, None) for size in SIZES},
    "one text of 100 kB": ("text", LONG_TEXT, LONG_TEXT, 8),
    "1,000 nested items": ("nested", MANY_ITEMS, 90 * MANY_ITEMS, 10),
}
BYTES_PER_ROUND = 4_000_000
MOST_EVENTS = 2_000
TITLE = "Construct and track an event, by size of its data"
TEXTS_TITLE = "Construct and track an event with texts that are not ASCII"
EXPLANATION = (
    "CPU time per self-describing event, by the size of its data as JSON. Speedup: the time of "
    "1.1.0 divided by the time of this package. orjson + pybase64 only encode the same "
    "data; the last column is the time of this package divided by theirs."
)

NEW_TEXTS, TEXTS_THRESHOLD = 500, 11
TEXTS_EXPLANATION = (
    "CPU time per self-describing event with ten texts of 30 characters. CPython has not encoded "
    "any of them before, as if a program had just read them; it keeps the UTF-8 of a text that was "
    "encoded once. Speedup: the time of 1.1.0 divided by the time of this package."
)


def payload_size(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0, and with JSON and base64 of the same data without any event."""
    rows = [_row(baselines, case, rounds) for case in DOCUMENTS]
    ratio = "speedup over 1.1.0"
    yield Table(TITLE, EXPLANATION, "µs", ratio, higher_is_better=True, rows=rows)


def _row(baselines: Baselines, case: str, rounds: int) -> Row:
    name, number, size, threshold = DOCUMENTS[case]
    orjson = baselines.libraries[0]
    targets = [*baselines.own, baselines.version_1_1]
    check_payloads([*targets, orjson], name, number)
    events = min(MOST_EVENTS, BYTES_PER_ROUND // size)
    own: Call = ("construct", "post", name, number, events)
    return compare(
        case,
        [*((target, own) for target in targets), (orjson, ("encode", name, number, events))],
        rounds,
        against=baselines.version_1_1,
        is_speedup=True,
        thresholds={OURS: threshold} if threshold else {},
        also=orjson,
    )


def new_texts(baselines: Baselines, rounds: int) -> Iterator[Table]:
    """Compare with 1.1.0, with texts that no event had before."""
    targets = [*baselines.own, baselines.version_1_1]
    rows = []
    for script in SCRIPTS:
        check_payloads(targets, script, 0)
        call: Call = ("construct_new", script, NEW_TEXTS)
        rows.append(
            compare(
                script,
                [(target, call) for target in targets],
                rounds,
                against=baselines.version_1_1,
                is_speedup=True,
                thresholds={OURS: TEXTS_THRESHOLD},
            )
        )
    ratio = "speedup over 1.1.0"
    yield Table(TEXTS_TITLE, TEXTS_EXPLANATION, "µs", ratio, higher_is_better=True, rows=rows)
