"""An event as one flat JSON object, as the analytics SDKs and Snowplow Micro 4 show it.

Self-describing data has columns of its own, whose names come from its schema:
https://docs.snowplow.io/docs/destinations/warehouses-lakes/schemas-in-warehouse/
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import EVENT_TYPES, VENDOR
from snowplow_tracker._version import __version__
from snowplow_tracker.collector.checks import SCHEMA_URI, field_fault
from snowplow_tracker.collector.decode import described_data
from snowplow_tracker.collector.enriched import CONVERTED, columns
from snowplow_tracker.collector.rows import COLLECTOR_NAME, iso_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snowplow_tracker.collector.rows import Row

__all__ = [
    "COMBINED_COLUMNS",
    "column_name",
    "column_values",
    "failure_entities",
    "flat_entities",
    "flat_event",
    "valid_fields",
]

_FAILURE_SCHEMA = f"iglu:{VENDOR}/failure/jsonschema/1-0-0"
_ATOMIC_SCHEMA = f"iglu:{VENDOR}/atomic/jsonschema/1-0-0"
_SOURCES = {"ue_px": "unstruct", "ue_pr": "unstruct", "cx": "contexts", "co": "contexts"}
_SHREDDED = ("unstruct_event", "contexts", "derived_contexts")
COMBINED_COLUMNS = frozenset(("network_userid", "user_ipaddress", "useragent", "ti_name"))
"""Columns whose values come from the request too, or from one of two fields."""
_OF_FIELD = {
    column: (field, convert)
    for field, (column, convert) in CONVERTED.items()
    if column not in COMBINED_COLUMNS
}
_OF_ROW: dict[str, Callable[[Row], Any]] = {
    "collector_tstamp": lambda row: iso_time(row.payload.timestamp),
    "event": lambda row: EVENT_TYPES[(row.parameters or {})["e"]].name,
    "event_name": lambda row: row.schema.split("/")[1] if row.schema else None,
    "event_vendor": lambda row: row.schema[5:].split("/")[0] if row.schema else None,
}


@lru_cache(4096)
def column_name(prefix: str, schema: str) -> str:
    """Return the name of the column for a schema: `contexts_com_acme_product_1`."""
    vendor, name, _, version = schema.removeprefix("iglu:").split("/")
    words = re.sub(r"([^A-Z_])([A-Z])", r"\1_\2", name.replace("-", "_"))
    model = version.partition("-")[0]
    return f"{prefix}_{re.sub('[.-]', '_', vendor)}_{words}_{model}".lower()


def flat_event(row: Row) -> dict[str, Any]:
    """Return an event with a column for each schema of its data.

    A bad event has the columns whose fields are valid, and an entity for each failure.
    """
    event = columns(row, valid_fields(row) if row.errors else row.parameters or {})
    unstruct, contexts, _ = (event.pop(name) for name in _SHREDDED)
    failures = list(failure_entities(row))
    for item in _valid_items([unstruct["data"]] if unstruct else [], failures):
        event[column_name("unstruct_event", item["schema"])] = item["data"]
    entities = _valid_items(contexts["data"] if contexts else [], failures)
    entities += [{"schema": _FAILURE_SCHEMA, "data": data} for data in failures]
    for item in entities:
        event.setdefault(column_name("contexts", item["schema"]), []).append(_entity(item))
    return event


def _valid_items(
    items: list[dict[str, Any]], failures: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return self-describing data that has no failure."""
    invalid = [(failure.get("schema"), failure.get("data")) for failure in failures]
    return [
        item
        for item in items
        if SCHEMA_URI.fullmatch(item["schema"]) and (item["schema"], item["data"]) not in invalid
    ]


def column_values(row: Row, column: str) -> Iterator[Any]:
    """Yield the values that a row has in a column of its flat event.

    Args:
        row: The event.
        column: A name, or a path such as `contexts_com_acme_product_1.sku`, which stands for that
            field of each entity.
    """
    name, *keys = column.split(".")
    if row.errors:
        yield from _within(flat_event(row).get(name), keys)
        return
    # Making the whole flat event takes far longer than any of these.
    fields = row.parameters or {}
    if name in _OF_FIELD:
        field, convert = _OF_FIELD[name]
        yield convert(fields[field]) if fields.get(field) else None
    elif name in _OF_ROW:
        yield _OF_ROW[name](row)
    elif name.startswith("unstruct_event_"):
        if row.schema and column_name("unstruct_event", row.schema) == name:
            data = described_data(fields, "ue_px", "ue_pr")
            yield from _within(data and data["data"], keys)
    elif name.startswith("contexts_"):
        if any(column_name("contexts", schema) == name for schema in row.contexts):
            yield from _within(flat_entities(fields).get(name), keys)
    else:
        yield from _within(flat_event(row).get(name), keys)


def flat_entities(fields: dict[str, str]) -> dict[str, list[Any]]:
    """Return the entities of a good event by the names of their columns."""
    columns: dict[str, list[Any]] = {}
    for item in described_data(fields, "cx", "co") or ():
        columns.setdefault(column_name("contexts", item["schema"]), []).append(_entity(item))
    return columns


def _entity(item: dict[str, Any]) -> Any:
    data = item["data"]
    if not isinstance(data, dict):
        return data
    return {"_schema_version": item["schema"].rpartition("/")[2], **data}


def _within(value: Any, keys: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _within(item, keys)
    elif not keys:
        yield value
    elif isinstance(value, dict):
        yield from _within(value.get(keys[0]), keys[1:])


def failure_entities(row: Row) -> Iterator[dict[str, Any]]:
    """Yield the data of the failure entities of a row: one for its fields, one for each schema."""
    origin = {
        "timestamp": iso_time(row.payload.timestamp),
        "componentName": COLLECTOR_NAME,
        "componentVersion": __version__,
    }
    texts = {failure.text for failure in row.failures}
    errors = [_field_error(error) for error in row.errors if error not in texts]
    if errors:
        yield {
            "failureType": "ValidationError",
            "errors": errors,
            "schema": _ATOMIC_SCHEMA,
            **origin,
        }
    for failure in row.failures:
        yield {**failure.to_json(), **origin}


def _field_error(error: str) -> dict[str, str]:
    field, _, message = error.partition(": ")
    return {"message": message or error, "source": _SOURCES.get(field, field)}


def valid_fields(row: Row) -> dict[str, str]:
    """Return the fields of an event whose format and length are in order."""
    return {
        key: value
        for key, value in (row.parameters or {}).items()
        if isinstance(value, str) and not field_fault(key, value)
    }
