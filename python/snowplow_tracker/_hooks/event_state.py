"""`EventState`: an event on its way through the hooks, decoded as far as they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._hooks.encoding import (
    append_entities,
    decode_entity,
    encode_data,
    encode_entities,
    in_transport_encoding,
    schema_of,
)
from snowplow_tracker._hooks.lazy_payload import LazyPayload

if TYPE_CHECKING:
    from snowplow_tracker.typing import JsonEncoderFunction

__all__ = ["EventState"]

_FLAT_SCHEMA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"


class EventState:
    """An event on its way through the hooks. Most hooks do not read its JSON: that stays text.

    Args:
        fields: Its fields, with JSON as text.
        is_clean: Whether they are as they are sent, but for the encoding of JSON. Default False.
    """

    __slots__ = ("_added", "_fields", "_payload", "is_clean")

    def __init__(self, fields: dict[str, Any], is_clean: bool = False) -> None:
        self._fields = fields
        self._payload: LazyPayload | None = None
        self._added: list[str] = []  # the JSON of entities that are not yet in the fields
        self.is_clean = is_clean

    @property
    def type(self) -> str | None:
        """The field `e`."""
        return (self._fields if self._payload is None else self._payload).get("e")

    @property
    def schema(self) -> str:
        """The schema of the data, or that of `payload_data`."""
        if self.type != "ue":
            return _FLAT_SCHEMA
        if self._payload is None or not self._payload.is_decoded():
            found = schema_of(self._fields)
            if found is not None:
                return found
        return getattr(self.payload.get("data"), "schema", _FLAT_SCHEMA)

    @property
    def payload(self) -> dict[str, Any]:
        """The fields with `data` and `entities`, which hooks change."""
        if self._payload is None:
            append_entities(self._fields, self._added)
            self._added = []
            self._payload = LazyPayload(self._fields)
            self.is_clean = False
        return self._payload

    def add_entity(self, json: str) -> None:
        """Add an entity, by its JSON: hooks may change it, but not the program's object."""
        if self._payload is None:
            self._added.append(json)
        else:
            self._payload.setdefault("entities", []).append(decode_entity(json))

    def encoded(self, base64: bool, json_encoder: JsonEncoderFunction | None) -> dict[str, Any]:
        """Return the fields as they are sent. Those of a clean event are not copied."""
        if self._payload is None:
            fields = self._fields
            append_entities(fields, self._added)
            self._added = []
        elif self._payload.is_decoded():
            fields = dict(self._payload)
            encode_data(fields, json_encoder)
            encode_entities(fields, json_encoder)
        else:
            fields = self._payload.undecoded()
        return in_transport_encoding(fields) if base64 else fields
