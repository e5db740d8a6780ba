"""Self-describing data of records: events and entities, in the envelopes of the protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from snowplow_tracker._native import b64, dumps
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.values import parsed_json
from snowplow_tracker.constants import CONTEXT_SCHEMA, UNSTRUCT_EVENT_SCHEMA
from snowplow_tracker.self_describing_json import SelfDescribingJson

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Envelopes", "checked_schema", "entities_of", "event_of"]

_SCHEMA_URI = re.compile(
    r"iglu:[\w.-]+/[\w-]+/[\w-]+/[1-9]\d*-(?:0|[1-9]\d*)-(?:0|[1-9]\d*)", re.ASCII
)
_ENVELOPES = ("/unstruct_event/jsonschema/", "/contexts/jsonschema/")


class Envelopes:
    """Writes self-describing data as fields.

    Args:
        encode_base64: Whether the fields are `ue_px` and `cx` rather than `ue_pr` and `co`.
    """

    def __init__(self, encode_base64: bool) -> None:
        self._encode_base64 = encode_base64

    def add_event(self, fields: dict[str, str], schema: str, data: Any) -> None:
        """Add the self-describing event.

        Raises:
            RecordError: JSON does not support the data.
        """
        envelope = {"schema": UNSTRUCT_EVENT_SCHEMA, "data": {"schema": schema, "data": data}}
        self._add(fields, "ue_px", "ue_pr", envelope)

    def add_entities(self, fields: dict[str, str], entities: list[dict[str, Any]]) -> None:
        """Add entities, unless there is none.

        Raises:
            RecordError: JSON does not support their data.
        """
        if entities:
            self._add(fields, "cx", "co", {"schema": CONTEXT_SCHEMA, "data": entities})

    def _add(self, fields: dict[str, str], encoded: str, plain: str, envelope: Any) -> None:
        try:
            if self._encode_base64:
                fields[encoded] = b64(envelope)
            else:
                fields[plain] = dumps(envelope).decode()
        except (TypeError, ValueError) as error:
            key = "data" if plain == "ue_pr" else "entities"
            raise RecordError(f"{key}: {error}") from None


@lru_cache(4096)
def _schema_fault(schema: str) -> str | None:
    if not _SCHEMA_URI.fullmatch(schema):
        return f"{schema!r:.120} is not iglu:vendor/name/format/M-R-A"
    if any(envelope in schema for envelope in _ENVELOPES):
        return f"{schema} is that of the protocol's envelope; give what is inside of it"
    return None


def checked_schema(key: str, schema: Any) -> str:
    """Return a schema URI.

    Raises:
        RecordError: It is none, or that of an envelope, which the tracker adds itself.
    """
    if not isinstance(schema, str):
        raise RecordError(f"{key}: expected a schema URI, not {type(schema).__name__}")
    if fault := _schema_fault(schema):
        raise RecordError(f"{key}: {fault}")
    return schema


def event_of(schema: Any, data: Any) -> tuple[str, Any]:
    """Return schema and data of a self-describing event. Data may be JSON text.

    Raises:
        RecordError: One of them is missing or of a wrong type.
    """
    if type(data) is not dict:
        data = parsed_json("data", data)
        if not isinstance(data, (Mapping, list)):
            raise RecordError(f"data: expected an object, not {type(data).__name__}")
    return checked_schema("schema", schema), data


def entities_of(key: str, value: Any) -> list[dict[str, Any]]:
    """Return a list of entities: mappings of `schema` and `data`, `SelfDescribingJson`, or JSON.

    Raises:
        RecordError: It is no such list. The message names the first wrong entity.
    """
    if type(value) is list and _are_plain(value):
        return value
    value = parsed_json(key, value)
    if not isinstance(value, (list, tuple)):
        raise RecordError(f"{key}: expected a list, not {type(value).__name__}")
    return list(_entities(key, value))


def _are_plain(items: list[Any]) -> bool:
    """Return whether all entities are as JSON has them, and have nothing to be converted."""
    for item in items:
        if type(item) is not dict or len(item) != 2:  # noqa: PLR2004
            return False
        first, second = item
        if first != "schema" or second != "data" or type(item["data"]) is not dict:
            return False
        schema = item["schema"]
        if type(schema) is not str or _schema_fault(schema):
            return False
    return True


def _entities(key: str, items: list[Any] | tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(items, 1):
        if isinstance(item, SelfDescribingJson):
            yield {"schema": item.schema, "data": item.data}
            continue
        if not isinstance(item, Mapping) or item.keys() != {"schema", "data"}:
            raise RecordError(f"{key}: entity {number} is not an object of schema and data")
        schema = checked_schema(f"{key}: entity {number}", item["schema"])
        yield {"schema": schema, "data": parsed_json(f"{key}: entity {number}", item["data"])}
