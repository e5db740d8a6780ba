"""Data frames: each row is a record, and not all rows are objects of Python at the same time."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pytest

from snowplow_tracker.bulk import send
from snowplow_tracker.bulk.frames import records_of

if TYPE_CHECKING:
    from tests.support import ScriptedServer

pa: Any = pytest.importorskip("pyarrow")

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
COLUMNS: dict[str, list[Any]] = {
    "id": [1, 2],
    "total": [9.5, None],
    "note": ["gift", None],
    "at": [datetime(2024, 2, 29, 8, tzinfo=timezone.utc), None],
    "tags": [["a", "b"], None],
}
TABLE = pa.table(COLUMNS)
FRAMES = {
    "pandas": pd.DataFrame(COLUMNS),
    "pandas, nullable": pd.DataFrame(COLUMNS).convert_dtypes(),
    "polars": pl.DataFrame(COLUMNS),
    "pyarrow.Table": TABLE,
    "pyarrow.RecordBatch": TABLE.to_batches()[0],
}


def sent_data(server: ScriptedServer) -> list[dict[str, Any]]:
    events = [event for request in server.requests for event in request.events]
    return [json.loads(event["ue_pr"])["data"]["data"] for event in events]


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_each_row_is_an_event_without_missing_values(frame, server: ScriptedServer):
    report = send(frame, server.url, schema=SCHEMA, id_from="id", encode_base64=False)
    assert (report.read, report.delivered) == (2, 2)
    first, second = sorted(sent_data(server), key=lambda data: int(data["id"]))
    at = datetime.fromisoformat(first.pop("at").replace("Z", "+00:00"))
    assert (at, first) == (
        COLUMNS["at"][0],
        {"id": 1, "total": 9.5, "note": "gift", "tags": ["a", "b"]},
    )
    assert second == {"id": 2}


def test_a_reader_is_read_batch_by_batch(server: ScriptedServer):
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, iter([*TABLE.to_batches()] * 3))
    assert send(reader, server.url, schema=SCHEMA).delivered == 6


def test_columns_may_be_those_of_an_event(server: ScriptedServer):
    columns = {"event": ["struct"], "category": ["c"], "action": ["a"], "label": ["x"]}
    assert send(pl.DataFrame(columns), server.url).delivered == 1
    assert server.labels() == ["x"]


@pytest.mark.parametrize("count", [0, 9_999, 10_000, 10_001, 25_000])
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_no_row_is_left_out_between_parts(make, count):
    frame = make({"id": list(range(count))})
    assert [row["id"] for row in records_of(frame)] == list(range(count))


class CountedParts(pd.DataFrame):
    """Remembers how many rows each part has that becomes a list of dicts."""

    parts: list[int]
    _metadata = ["parts"]  # noqa: RUF012 - as pandas wants it

    @property
    def iloc(self) -> Any:
        original, parts = super().iloc, self.parts

        class Counting:
            def __getitem__(self, rows: slice) -> Any:
                part = original[rows]
                parts.append(len(part))
                return part

        return Counting()


def test_rows_become_dicts_some_thousands_at_a_time():
    frame = CountedParts({"id": range(25_000)})
    frame.parts = []
    rows = iter(records_of(frame))
    next(rows)
    assert frame.parts == [10_000]
    list(rows)
    assert frame.parts == [10_000, 10_000, 5_000]


def test_keys_of_a_map_are_keys_of_the_data():
    kind = pa.map_(pa.string(), pa.int64())
    table = pa.table({"counts": pa.array([[("a", 1), ("b", 2)]], kind)})
    assert list(records_of(table)) == [{"counts": {"a": 1, "b": 2}}]
