"""The same orders as files of each format that `snowplow-tracker send` reads."""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import shutil
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benches.data.documents import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FLAT_OPTIONS", "NDJSON", "write_inputs"]

NDJSON = "orders.ndjson"
COLUMNS = ("order_id", "total", "items", "currency", "channel", "note", "user_id", "created_at")
FLAT_OPTIONS = [
    *("--schema", SCHEMA, "--map", "subject.user_id=user_id", "--id-from", "order_id"),
    *("--time-from", "created_at", "--types", "total=number", "--types", "items=integer"),
]
USERS = 5_000
FIRST_MS = 1_714_550_400_000


def write_inputs(folder: Path, events: int) -> dict[str, tuple[str, list[str]]]:
    """Write all files.

    Returns:
        The name of each format, with its file and the options that it needs.
    """
    path = folder / NDJSON
    with path.open("w") as file:
        file.writelines(json.dumps(record) + "\n" for record in _records(events))
    packed = path.with_name(f"{NDJSON}.gz")
    with path.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as compressed:
        shutil.copyfileobj(plain, compressed)
    rows = list(map(_row, range(events)))
    with (folder / "orders.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    table = importlib.import_module("pyarrow").Table.from_pylist(rows)
    importlib.import_module("pyarrow.parquet").write_table(table, folder / "orders.parquet")
    return {
        "NDJSON": (str(path), []),
        "NDJSON, gzip": (str(packed), []),
        "CSV": (str(folder / "orders.csv"), FLAT_OPTIONS),
        "Parquet": (str(folder / "orders.parquet"), FLAT_OPTIONS),
    }


def _records(events: int) -> Iterator[dict[str, Any]]:
    """Yield self-describing events with about 240 B of data and two entities."""
    for number in range(events):
        row = _row(number)
        user, created = row.pop("user_id"), row.pop("created_at")
        shipping = {"method": "express", "country": "DE", "postcode": "10115", "days": 2}
        page = {"type": "checkout", "language": "de", "experiment": "b"}
        yield {
            "schema": SCHEMA,
            "data": {**row, "shipping": shipping, "tags": ["new", "gift"]},
            "entities": [
                {"schema": "iglu:com.acme/user/jsonschema/1-0-0", "data": {"id": user}},
                {"schema": "iglu:com.acme/page/jsonschema/1-0-2", "data": page},
            ],
            "event_id": str(UUID(int=number, version=4)),
            "true_timestamp": created,
            "subject": {"user_id": user},
        }


def _row(number: int) -> dict[str, Any]:
    return {
        "order_id": f"ORD-{number:08d}",
        "total": number % 50_000 / 100,
        "items": number % 9 + 1,
        "currency": "EUR",
        "channel": "web",
        "note": "please leave the parcel with the neighbour",
        "user_id": f"u-{number % USERS}",
        "created_at": FIRST_MS + number * 10,
    }
