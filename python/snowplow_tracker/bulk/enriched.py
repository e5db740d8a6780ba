"""Enriched events, as JSON or as rows of a warehouse, back to payloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import DIMENSION_COLUMNS, EVENT_TYPES, FIELD_COLUMNS, VENDOR
from snowplow_tracker.bulk.described import Envelopes, checked_schema, entities_of, event_of
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.times import milliseconds
from snowplow_tracker.bulk.values import field_text, parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EnrichedForm"]

_TIMES = {"dvce_created_tstamp": "dtm", "true_tstamp": "ttm"}
_DOUBLES = frozenset(("ti_na",))
"""Older names of fields that have the column of another one."""
_FIELDS = {
    column: field
    for kind, fields in FIELD_COLUMNS.items()
    if kind != "time"
    for field, column in fields.items()
    if field not in _DOUBLES
}
_FLAGS = frozenset(FIELD_COLUMNS["flag"].values())
_SIZES = (size for sizes in DIMENSION_COLUMNS.values() for size in sizes)
_INTEGERS = frozenset((*FIELD_COLUMNS["integer"].values(), *_SIZES))
_CODES = {kind.name: code for code, kind in EVENT_TYPES.items()}
_UNSTRUCT = "unstruct_event"
_CONTEXTS = "contexts"
_DERIVED = (
    *(f"contexts_{VENDOR.replace('.', '_')}_ua_parser_context_", "contexts_nl_basjes_yauaa_"),
    *("contexts_com_iab_snowplow_spiders_and_robots_", "contexts_org_ietf_http_"),
    *("contexts_com_dbip_", "contexts_com_maxmind_", "contexts_org_openweathermap_"),
)
"""Beginnings of columns that enrichments add."""


class EnrichedForm:
    """Converts enriched events. What enrichment derives is left out: the new run derives it again.

    Args:
        column_schemas: Schemas of columns `contexts_...`, whose names do not say all of them.
        keep_time: Whether the events keep their time as their true timestamp.
        envelopes: Writes self-describing data.
    """

    def __init__(
        self, column_schemas: Mapping[str, str], keep_time: bool, envelopes: Envelopes
    ) -> None:
        self._column_schemas = column_schemas
        self._keep_time = keep_time
        self._envelopes = envelopes

    def fields(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of an enriched event."""
        fields = {"e": _code(record)}
        entities: list[dict[str, Any]] = []
        for column, value in record.items():
            if value is None or value == "":
                continue
            if field := _FIELDS.get(column):
                fields[field] = _text(column, value)
            elif field := _TIMES.get(column):
                fields[field] = str(milliseconds(column, value))
            elif column.startswith(_UNSTRUCT):
                self._envelopes.add_event(fields, *_event(record, column, value))
            elif column.startswith(_CONTEXTS) and not column.startswith(_DERIVED):
                entities += self._entities(column, value)
        for field, sizes in DIMENSION_COLUMNS.items():
            width, height = (_text(size, record.get(size)) for size in sizes)
            if width and height:
                fields[field] = f"{width}x{height}"
        self._envelopes.add_entities(fields, entities)
        self._add_time(fields, record.get("derived_tstamp"))
        return fields

    def _add_time(self, fields: dict[str, str], derived: Any) -> None:
        if not self._keep_time:
            fields.pop("ttm", None)
        elif "ttm" not in fields and derived:
            fields["ttm"] = str(milliseconds("derived_tstamp", derived))

    def _entities(self, column: str, value: Any) -> Iterator[dict[str, Any]]:
        value = parsed_json(column, value)
        if column == _CONTEXTS:
            # An event without entities has {}.
            items = value.get("data", []) if isinstance(value, Mapping) else value
            yield from entities_of(column, items)
            return
        schema = self._column_schemas.get(column)
        if schema is None:
            raise RecordError(
                f"{column}: its schema cannot be read from its name; name it in column_schemas"
            )
        for item in value if isinstance(value, (list, tuple)) else [value]:
            yield _entity(column, schema, item)


def _code(record: Mapping[str, Any]) -> str:
    name = record.get("event")
    code = _CODES.get(name) if isinstance(name, str) else None
    if code is None:
        raise RecordError(f"event: {name!r:.80} is not one of {', '.join(_CODES)}")
    return code


def _text(column: str, value: Any) -> str:
    if column in _FLAGS and isinstance(value, str):
        return "1" if value.lower() in {"1", "true", "t"} else "0"
    if column in _INTEGERS and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return field_text(column, value)


def _event(record: Mapping[str, Any], column: str, value: Any) -> tuple[str, Any]:
    value = parsed_json(column, value)
    if column != _UNSTRUCT:
        names = ("event_vendor", "event_name", "event_format", "event_version")
        return event_of("iglu:" + "/".join(str(record.get(name)) for name in names), value)
    event = value.get("data") if isinstance(value, Mapping) else None
    if not isinstance(event, Mapping):
        raise RecordError(f"{column}: is not a self-describing event in its envelope")
    return event_of(event.get("schema"), event.get("data"))


def _entity(column: str, schema: str, data: Any) -> dict[str, Any]:
    schema = checked_schema(column, schema)
    if isinstance(data, Mapping) and "_schema_version" in data:
        schema = f"{schema.rpartition('/')[0]}/{data['_schema_version']}"
        data = {name: value for name, value in data.items() if name != "_schema_version"}
    return {"schema": schema, "data": data}
