"""Flat rows: the columns of a table become the data of a self-describing event."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk.described import Envelopes, checked_schema
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.subjects import SUBJECT_FIELDS
from snowplow_tracker.bulk.tracked import COMMON_KEYS, TrackedForm
from snowplow_tracker.bulk.values import refuse_constant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["TYPES", "FlatForm", "types_of_schema"]

_TRUE = frozenset(("true", "t", "yes", "y", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "0"))
_MAPPED_KEYS = COMMON_KEYS - {"subject", "entities", "contexts"}


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not number.is_integer():
            raise
        return int(number)


def _number(text: str) -> int | float:
    if "." not in text:  # an exception takes longer than all of the rest
        with suppress(ValueError):
            return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("neither true nor false")
    return word in _TRUE


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=refuse_constant)


TYPES: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
}
"""What text of a column may be converted to."""


def types_of_schema(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the types of a schema's properties, as far as text has to be converted to them."""
    types: dict[str, str] = {}
    for name, rules in schema.get("properties", {}).items():
        kinds = rules.get("type", ()) if isinstance(rules, dict) else ()
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if "string" in kinds:
            continue
        if kinds & {"object", "array"}:
            types[name] = "json"
        elif scalars := [kind for kind in ("number", "integer", "boolean") if kind in kinds]:
            types[name] = scalars[0]
    return types


class FlatForm:
    """Converts rows.

    Args:
        schema: The schema of the events.
        columns: The columns of the data. None for all that are not used otherwise.
        renamed: Other names of columns: a property of the data, `subject.user_id` and the like,
            or one of `event_id`, `true_timestamp`, `created_timestamp`, `app_id`, `platform`.
            `data.NAME` is always a property of the data. A `?` after a column, here and in
            `columns` and `entities`, says that rows may lack it.
        types: Types of columns whose values are text, by column: a key of `TYPES`.
        entities: Schemas of entities, each with its columns.
        keep_null: Whether properties without a value are null in the data.
        tracked: Adds what is not data.
        envelopes: Writes the data.

    Raises:
        ValueError: A schema, type or name is unknown.
    """

    def __init__(
        self,
        schema: str,
        *,
        columns: Sequence[str] | None,
        renamed: Mapping[str, str],
        types: Mapping[str, str],
        entities: Sequence[tuple[str, Sequence[str]]],
        keep_null: bool,
        tracked: TrackedForm,
        envelopes: Envelopes,
    ) -> None:
        self._schema = checked_schema("schema", schema)
        self._columns = tuple(columns) if columns is not None else None
        self._entities = [
            (checked_schema("entities", uri), tuple(names)) for uri, names in entities
        ]
        self._convert = {column: _converter(column, kind) for column, kind in types.items()}
        self._keep_null = keep_null
        self._tracked = tracked
        self._envelopes = envelopes
        self._data: dict[str, str] = {}
        self._common: dict[str, str] = {}
        self._subject: dict[str, str] = {}
        for target, column in renamed.items():
            self._rename(target, column)
        used = {*renamed.values(), *(name for _, names in entities for name in names)}
        self._used = {column.removesuffix("?") for column in used}

    def _rename(self, target: str, column: str) -> None:
        prefix, _, name = target.partition(".")
        if prefix == "subject" and name:
            if name not in SUBJECT_FIELDS:
                raise ValueError(f"map: unknown subject {name!r} ({', '.join(SUBJECT_FIELDS)})")
            self._subject[name] = column
        elif target in _MAPPED_KEYS:
            self._common[target] = column
        else:
            self._data[target.removeprefix("data.")] = column

    def fields(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of a row."""
        fields = self._tracked.begin("ue")
        if self._convert:
            row = self._converted(row)
        for key, column in self._common.items():
            self._tracked.add_common(fields, key, _cell(row, column), ())
        if self._subject:
            subject = {name: _cell(row, column) for name, column in self._subject.items()}
            self._tracked.add_common(fields, "subject", subject, ())
        self._envelopes.add_event(fields, self._schema, self._row_data(row))
        if self._entities:
            self._envelopes.add_entities(fields, self._row_entities(row))
        return fields

    def _converted(self, row: Mapping[str, Any]) -> dict[str, Any]:
        converted = dict(row)
        for column, convert in self._convert.items():
            text = converted.get(column)
            if isinstance(text, str):
                try:
                    converted[column] = convert(text) if text else None
                except ValueError as error:
                    raise RecordError(f"{column}: {text!r:.80}: {error}") from None
        return converted

    def _row_data(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if self._columns is not None:
            data = {column.removesuffix("?"): _cell(row, column) for column in self._columns}
        elif self._used:
            data = {column: value for column, value in row.items() if column not in self._used}
        else:
            data = dict(row)
        data.update((name, _cell(row, column)) for name, column in self._data.items())
        if self._keep_null:
            return data
        return {name: value for name, value in data.items() if value is not None}

    def _row_entities(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        entities = []
        for schema, columns in self._entities:
            cells = ((column.removesuffix("?"), _cell(row, column)) for column in columns)
            data = {name: value for name, value in cells if value is not None}
            if data:
                entities.append({"schema": schema, "data": data})
        return entities


def _cell(row: Mapping[str, Any], column: str) -> Any:
    if column in row:
        return row[column]
    if column.endswith("?"):
        return row.get(column[:-1])
    known = ", ".join(map(str, row))
    raise RecordError(f"{column}: no such column (columns: {known}; {column}? if rows may lack it)")


def _converter(column: str, kind: str) -> Callable[[str], Any]:
    if kind not in TYPES:
        raise ValueError(f"types: {column} is {kind!r}, expected one of {', '.join(TYPES)}")
    return TYPES[kind]
