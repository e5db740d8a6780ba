"""Rows of data frames as records, some thousands at a time.

The libraries are told apart by the methods of their frames, so none of them is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

__all__ = ["Frame", "records_of"]

_ROWS = 10_000


class _Pandas(Protocol):
    @property
    def iloc(self) -> Any: ...
    @property
    def to_dict(self) -> Any: ...


class _Polars(Protocol):
    @property
    def iter_rows(self) -> Any: ...


class _Arrow(Protocol):
    @property
    def to_pylist(self) -> Any: ...


class _ArrowReader(Protocol):
    @property
    def read_next_batch(self) -> Any: ...


Frame: TypeAlias = _Pandas | _Polars | _Arrow | _ArrowReader
"""A `pandas.DataFrame`, `polars.DataFrame`, `pyarrow.Table`, `pyarrow.RecordBatch` or
`pyarrow.RecordBatchReader`."""


def records_of(source: Any) -> Iterable[Any]:
    """Return the rows of a `Frame` as dicts, and any other iterable unchanged."""
    if hasattr(source, "iter_rows"):
        return source.iter_rows(named=True, buffer_size=_ROWS)  # type: ignore[no-any-return]
    if hasattr(source, "read_next_batch"):
        return (row for batch in source for row in _rows_of_arrow(batch))
    if hasattr(source, "to_pylist"):
        return _rows_of_arrow(source)
    if hasattr(source, "iloc") and hasattr(source, "to_dict"):
        return _rows_of_pandas(source)
    return source  # type: ignore[no-any-return]


def _rows_of_arrow(table: Any) -> Iterator[dict[str, Any]]:
    for start in range(0, len(table), _ROWS):
        yield from table.slice(start, _ROWS).to_pylist(maps_as_pydicts="strict")


def _rows_of_pandas(frame: Any) -> Iterator[dict[str, Any]]:
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        # A missing value is NaN, NaT or NA. In columns of the type object, it can be None.
        yield from part.astype(object).where(part.notna(), None).to_dict("records")
