"""An event as one flat JSON object, as the analytics SDKs and Snowplow Micro 4 show it.

Self-describing data has columns of its own, whose names come from its schema:
https://docs.snowplow.io/docs/destinations/warehouses-lakes/schemas-in-warehouse/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from snowplow_tracker._version import __version__
from snowplow_tracker.collector.checks import SCHEMA_URI, field_fault
from snowplow_tracker.collector.enriched import columns
from snowplow_tracker.collector.protocol import VENDOR
from snowplow_tracker.collector.rows import COLLECTOR_NAME, iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker.collector.rows import Row

__all__ = ["failure_entities", "flat_event", "nested_values"]

_FAILURE_SCHEMA = f"iglu:{VENDOR}/failure/jsonschema/1-0-0"
_ATOMIC_SCHEMA = f"iglu:{VENDOR}/atomic/jsonschema/1-0-0"
_SOURCES = {"ue_px": "unstruct", "ue_pr": "unstruct", "cx": "contexts", "co": "contexts"}
_SHREDDED = ("unstruct_event", "contexts", "derived_contexts")


def flat_event(row: Row) -> dict[str, Any]:
    """Return an event with a column for each schema of its data.

    A bad event has the columns whose fields are valid, and an entity for each failure.
    """
    event = columns(row, _valid_fields(row) if row.errors else row.parameters or {})
    unstruct, contexts, _ = (event.pop(name) for name in _SHREDDED)
    failures = list(failure_entities(row))
    for item in _valid_items([unstruct["data"]] if unstruct else [], failures):
        event[_column_name("unstruct_event", item["schema"])] = item["data"]
    entities = _valid_items(contexts["data"] if contexts else [], failures)
    entities += [{"schema": _FAILURE_SCHEMA, "data": data} for data in failures]
    for item in entities:
        values = item["data"]
        if isinstance(values, dict):
            values = {"_schema_version": item["schema"].rpartition("/")[2], **values}
        event.setdefault(_column_name("contexts", item["schema"]), []).append(values)
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


def nested_values(event: dict[str, Any], column: str) -> Iterator[Any]:
    """Yield the values of a column of a flat event.

    Args:
        event: The event.
        column: A name, or a path such as `contexts_com_acme_product_1.sku`, which stands for that
            field of each entity.
    """
    name, *keys = column.split(".")
    yield from _within(event.get(name), keys)


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
    texts = {failure.text for failure in row.failures}
    errors = [_field_error(error) for error in row.errors if error not in texts]
    if errors:
        yield {
            "failureType": "ValidationError",
            "errors": errors,
            "schema": _ATOMIC_SCHEMA,
            "timestamp": iso_time(row.payload.timestamp),
            "componentName": COLLECTOR_NAME,
            "componentVersion": __version__,
        }
    for failure in row.failures:
        yield failure.to_json()


def _field_error(error: str) -> dict[str, str]:
    field, _, message = error.partition(": ")
    return {"message": message or error, "source": _SOURCES.get(field, field)}


def _valid_fields(row: Row) -> dict[str, str]:
    return {
        key: value
        for key, value in (row.parameters or {}).items()
        if isinstance(value, str) and not field_fault(key, value)
    }


def _column_name(prefix: str, schema: str) -> str:
    vendor, name, _, version = schema.removeprefix("iglu:").split("/")
    words = re.sub(r"([^A-Z_])([A-Z])", r"\1_\2", name.replace("-", "_"))
    model = version.partition("-")[0]
    return f"{prefix}_{re.sub('[.-]', '_', vendor)}_{words}_{model}".lower()
