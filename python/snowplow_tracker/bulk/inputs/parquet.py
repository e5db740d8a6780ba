"""Parquet, with the first of pyarrow, duckdb and polars that is installed."""

from __future__ import annotations

import importlib
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snowplow_tracker.bulk.inputs.items import Item, Start

__all__ = ["read_parquet"]

_ROWS = 10_000


def read_parquet(file: IO[bytes], start: Start) -> Iterator[Item]:
    """Yield the rows of a file.

    Raises:
        RuntimeError: None of the packages is installed, or the one that is reads only files that
            have a path.
    """
    number = 0
    for rows in _reader()(file):
        for row in rows:
            number += 1
            if number > start.line:
                yield number, None, row


def _reader() -> Callable[[IO[bytes]], Iterator[list[dict[str, Any]]]]:
    for package, reader in _READERS.items():
        try:
            importlib.import_module(package)
        except ImportError:
            continue
        return reader
    raise RuntimeError("Parquet needs one of pyarrow, duckdb and polars: pip install pyarrow")


def _with_pyarrow(file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    parquet: Any = importlib.import_module("pyarrow.parquet")
    for batch in parquet.ParquetFile(file).iter_batches(_ROWS):
        yield batch.to_pylist()


def _with_duckdb(file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    duckdb: Any = importlib.import_module("duckdb")
    path = getattr(file, "name", None)
    if path is None:
        raise RuntimeError("duckdb reads Parquet only from a path: pip install pyarrow")
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in rows.description]
        while found := rows.fetchmany(_ROWS):
            yield [dict(zip(names, row, strict=True)) for row in found]


def _with_polars(file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    polars: Any = importlib.import_module("polars")
    frame = polars.scan_parquet(file)
    number = 0
    while True:
        rows = frame.slice(number, _ROWS).collect()
        if not rows.height:
            return
        yield rows.to_dicts()
        number += rows.height


_READERS: dict[str, Callable[[IO[bytes]], Iterator[list[dict[str, Any]]]]] = {
    "pyarrow": _with_pyarrow,
    "duckdb": _with_duckdb,
    "polars": _with_polars,
}
