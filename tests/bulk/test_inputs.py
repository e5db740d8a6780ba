"""Files of each format as records."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from typing import Any

import pytest

from snowplow_tracker._canonical_event import COLUMNS
from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs import json_text, ndjson, open_input

RECORDS: list[dict[str, Any]] = [{"a": n, "b": f"ü{n}", "c": [n, None]} for n in range(5)]
ROWS = [{"a": str(n), "b": f'x, "{n}"\ny', "c": None} for n in range(5)]


def read(source, *arguments, **settings) -> list[Any]:
    with open_input(source, *arguments, **settings) as records:
        return [record for _, _, record in records]


def items(source, *arguments, **settings) -> list[Any]:
    with open_input(source, *arguments, **settings) as records:
        return list(records)


def reasons(source, *arguments) -> list[tuple[int, str]]:
    found = items(source, *arguments)
    return [(line, str(error)) for line, _, error in found if isinstance(error, UnreadableError)]


def ndjson_bytes(records=RECORDS) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def csv_bytes(**settings) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["a", "b", "c"], **settings)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode()


def enriched_bytes() -> bytes:
    cells = {"app_id": "shop", "event_id": "x", "event": "page_view"}
    return ("\t".join(cells.get(column, "") for column in COLUMNS) + "\n").encode()


FILES = [
    ("x.ndjson", ndjson_bytes(), RECORDS),
    ("x.jsonl", ndjson_bytes().replace(b"\n", b"\r\n\r\n"), RECORDS),
    ("x.json", json.dumps(RECORDS, indent=1).encode(), RECORDS),
    ("x.json", ndjson_bytes(), RECORDS),
    ("x.json", b"\xef\xbb\xbf[]", []),
    ("x.csv", csv_bytes(), ROWS),
    ("x.csv", b"\xef\xbb\xbf" + csv_bytes(lineterminator="\n"), ROWS),
    ("x.tsv", csv_bytes(delimiter="\t"), ROWS),
]


@pytest.mark.parametrize("compress", [None, "gz", "zst"])
@pytest.mark.parametrize(("name", "content", "expected"), FILES)
def test_a_file_is_read_by_its_name(tmp_path, name, content, expected, compress):
    if compress == "gz":
        content = gzip.compress(content)
    elif compress == "zst":
        content = pytest.importorskip("zstandard").compress(content)
    path = tmp_path / (f"{name}.{compress}" if compress else name)
    path.write_bytes(content)
    assert read(path) == expected


def test_a_compressed_file_may_be_several_ones_after_each_other(tmp_path):
    path = tmp_path / "x.ndjson.zst"
    compress = pytest.importorskip("zstandard").compress
    path.write_bytes(compress(ndjson_bytes()) + compress(b"") + compress(ndjson_bytes()))
    assert read(path) == RECORDS * 2


def test_enriched_events_have_no_header(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_bytes(enriched_bytes() * 2 + b"too\tfew\n")
    records = items(path, "enriched-tsv")
    assert records[0][2] == {"app_id": "shop", "event_id": "x", "event": "page_view"}
    assert str(records[2][2]) == "2 columns, an enriched event has 131"


@pytest.mark.parametrize("package", ["pyarrow", "duckdb", "polars"])
def test_parquet_is_read_with_what_is_installed(tmp_path, package, monkeypatch):
    pytest.importorskip(package)
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(RECORDS), path)
    from snowplow_tracker.bulk.inputs import parquet as reader  # noqa: PLC0415

    monkeypatch.setattr(reader, "_READERS", {package: reader._READERS[package]})
    assert read(path) == RECORDS
    assert read(path, line=3) == RECORDS[3:]


def test_without_a_package_parquet_says_what_to_install(monkeypatch):
    from snowplow_tracker.bulk.inputs import parquet as reader  # noqa: PLC0415

    monkeypatch.setattr(reader, "_READERS", {})
    with pytest.raises(RuntimeError, match="pip install pyarrow"):
        read(io.BytesIO(), "parquet")


@pytest.mark.parametrize("suffix", ["ndjson", "csv", "tsv", "json"])
def test_reading_goes_on_where_it_was_left(tmp_path, suffix):
    delimiter = "\t" if suffix == "tsv" else ","
    path = tmp_path / f"x.{suffix}"
    contents = {"ndjson": ndjson_bytes(), "json": json.dumps(RECORDS).encode()}
    path.write_bytes(contents.get(suffix, csv_bytes(delimiter=delimiter)))
    whole = items(path)
    for position in range(len(whole)):
        line, offset, _ = whole[position]
        assert items(path, line=line, offset=offset) == whole[position + 1 :]
        assert [item[2] for item in items(path, line=line)] == [
            item[2] for item in whole[position + 1 :]
        ]


def test_offsets_are_those_of_bytes(tmp_path):
    path = tmp_path / "x.ndjson"
    path.write_bytes(ndjson_bytes())
    for line, offset, _ in items(path):
        assert path.read_bytes()[:offset] == b"".join(ndjson_bytes().splitlines(True)[:line])


def test_a_line_that_cannot_be_read_ends_nothing(tmp_path):
    path = tmp_path / "x.ndjson"
    path.write_bytes(b'{"a": 1}\n{"a": \n[1]\n{"a": NaN}\n{"a": 1e999}\n{"\xff": 1}\n{"a": 2}')
    assert [record for record in read(path) if isinstance(record, dict)] == [{"a": 1}, {"a": 2}]
    numbers, texts = zip(*reasons(path), strict=True)
    assert numbers == (2, 3, 4, 5, 6)
    expected = ("Expecting value", "expected an object, not list", "NaN", "too large", "utf-8")
    assert all(part in text for part, text in zip(expected, texts, strict=True))
    assert read(path)[5].text == '{"\\xff": 1}'


def test_a_row_that_cannot_be_read_ends_nothing():
    content = b'a,b\r\n1,2\r\n1\r\n\r\n1,2,3\r\n\xff,1\r\n"x" y,1\r\n3,4\r\n'
    assert [record for record in read(io.BytesIO(content), "csv") if isinstance(record, dict)] == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]
    assert reasons(io.BytesIO(content), "csv") == [
        (3, "1 fields, but the header has 2"),
        (5, "3 fields, but the header has 2"),
        (6, "not UTF-8"),
        (7, "',' expected after '\"'"),
    ]


def test_an_array_is_read_up_to_what_is_no_json():
    content = b'[{"a": 1}, 2, {"b": }, {"a": 3}]'
    first, *errors = items(io.BytesIO(content), "json")
    assert first == (1, None, {"a": 1})
    assert [line for line, _, _ in errors] == [2, 3]
    assert "expected an object, not int" in str(errors[0][2])
    assert "not JSON, nor is what follows" in str(errors[1][2])


def test_an_array_may_be_larger_than_what_is_read_at_once():
    records = [{"n": n, "text": "ü" * 70_000, "number": 123456} for n in range(5)]
    for indent in (None, 1):
        assert read(io.BytesIO(json.dumps(records, indent=indent).encode()), "json") == records


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_damaged_file_yields_what_could_be_read(tmp_path, suffix):
    module = gzip if suffix == "gz" else pytest.importorskip("zstandard")
    path = tmp_path / f"x.ndjson.{suffix}"
    content = module.compress(ndjson_bytes([{"a": os.urandom(40).hex()} for _ in range(20_000)]))
    path.write_bytes(content[: len(content) // 2])
    *records, (_, _, error) = items(path)
    assert records
    assert str(error).startswith("damaged, nothing more can be read")


def test_a_line_without_an_end_takes_a_bounded_amount_of_memory(monkeypatch):
    monkeypatch.setattr(ndjson, "_BLOCK", 10)
    monkeypatch.setattr(ndjson, "_MAX_LINE", 50)
    content = b'{"a": 1}\n{"a": "' + b"x" * 500 + b'"}\n{"a": 2}\n'
    first, wrong, last = items(io.BytesIO(content), "ndjson")
    assert (first[2], last[2]) == ({"a": 1}, {"a": 2})
    assert last[:2] == (3, len(content))
    assert len(wrong[2].text) < 80


EXACT = [
    '{"n": 123456789012345678901234567890, "m": -9223372036854775809}',
    '{"n": 18446744073709551616}',
    '{"a": 1, "a": 2}',
    '{"a": "\\ud83d"}',
    '{"a": 1.0, "b": -0.0, "c": 1E5, "d": 0.1}',
    "\ufeff{}",
    '{"a": NaN}',
    '{"a": 1e400}',
    '{"a": 01}',
    "{",
    "[" * 100_000,
]


@pytest.mark.parametrize("text", EXACT)
def test_orjson_changes_no_result(text, monkeypatch):
    pytest.importorskip("orjson")
    results = []
    for loads in (json_text._loads, None):
        monkeypatch.setattr(json_text, "_loads", loads)
        [(_, _, record)] = items(io.BytesIO(text.encode()), "ndjson")
        results.append((str(record), repr(record)))
    assert results[0] == results[1]


def test_orjson_is_used(monkeypatch):
    pytest.importorskip("orjson")
    monkeypatch.setattr(json_text, "_loads", lambda _: {"read": "fast"})
    assert read(io.BytesIO(ndjson_bytes()), "ndjson") == [{"read": "fast"}] * 5


def test_standard_input_is_read_as_it_comes(monkeypatch):
    readable, writable = os.pipe()
    with open(readable) as stdin, open(writable, "wb", buffering=0) as out:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", stdin)
        with open_input("-") as records:
            assert not records.has_offsets
            iterator = iter(records)
            for record in RECORDS:
                out.write(ndjson_bytes([record]))
                assert next(iterator)[2] == record


def test_an_unknown_format_is_an_error():
    with pytest.raises(ValueError, match="unknown format 'xml', expected one of ndjson"):
        open_input(io.BytesIO(), "xml")
