"""A row as the page and its search see it: decoded, and only as far as it is needed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from functools import cached_property
from typing import TYPE_CHECKING, Any

from snowplow_tracker.collector.enriched import CONVERTED
from snowplow_tracker.collector.flat import flat_event
from snowplow_tracker.collector.summary import event_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker.collector.rows import Row

__all__ = ["BASE64_FIELDS", "RowView", "scalars", "within"]

BASE64_FIELDS = frozenset(("ue_px", "cx"))

_ENVELOPES = {"ue": ("ue_px", "ue_pr"), "contexts": ("cx", "co")}
_ALSO_OF_REQUEST = frozenset(("network_userid", "user_ipaddress", "useragent"))
_SENT_AS = {column: (parameter, convert) for parameter, (column, convert) in CONVERTED.items()}


class RowView:
    """A row with its number. Decoding is lazy, since a search looks at every row.

    Attributes:
        number: The number of the row in its journal.
        row: The row.
        fields: The event's fields as sent; empty if none could be read.
    """

    def __init__(self, number: int, row: Row) -> None:
        self.number = number
        self.row = row
        self.fields: dict[str, Any] = row.parameters or {}

    @property
    def event_type(self) -> str | None:
        """The type as Snowplow names it, such as `page_view`; what was sent if that is unknown."""
        return event_type(self.row)

    @cached_property
    def described(self) -> dict[str, Any] | None:
        """The self-describing event: `schema` and `data`. None if it has none that is readable."""
        data = self._envelope("ue_px", "ue_pr")
        return data if _is_self_describing(data) else None

    @cached_property
    def entities(self) -> list[dict[str, Any]]:
        """The contexts that are readable, each with `schema` and `data`."""
        data = self._envelope("cx", "co")
        return (
            [item for item in data if _is_self_describing(item)] if isinstance(data, list) else []
        )

    def _envelope(self, encoded: str, plain: str) -> Any:
        """Return `data` of the self-describing JSON in one of two fields."""
        envelope = parsed(self._envelope_text(encoded, plain))
        return envelope.get("data") if isinstance(envelope, dict) else None

    def _envelope_text(self, encoded: str, plain: str) -> str | None:
        return self.field_text(encoded if self.fields.get(encoded) else plain)

    def field_text(self, name: str) -> str | None:
        """Return a field as text, base64 decoded. None if there is none that is readable."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return None
        if name not in BASE64_FIELDS:
            return value
        try:
            return urlsafe_b64decode(value + "===").decode()
        except ValueError:
            return None

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The columns of the event that have a value."""
        return {name: value for name, value in flat_event(self.row).items() if value is not None}

    @cached_property
    def raw_text(self) -> str:
        """All text of the event in lower case, the base64 decoded, with the escapes of JSON."""
        row, payload = self.row, self.row.payload
        texts = [*self.fields, *row.errors, payload.ip_address, payload.user_id]
        texts += [self.event_type or "", row.schema or "", payload.useragent or ""]
        return "\n".join((*texts, *self._field_texts())).lower()

    @cached_property
    def text(self) -> str:
        """All text of the event in lower case, without the escapes of JSON."""
        if "\\" not in self.raw_text:
            return self.raw_text
        return "\n".join((self.raw_text, *map(_unescaped, self._field_texts()))).lower()

    def _field_texts(self) -> Iterator[str]:
        for name, value in self.fields.items():
            if not isinstance(value, str):
                yield json.dumps(value)
            elif name in BASE64_FIELDS:
                yield self.field_text(name) or value
            else:
                yield value

    def values(self, path: str) -> Iterator[Any]:
        """Yield the values of a field: a column, a field as sent, or a path into JSON.

        Args:
            path: Such as `app_id`, `aid`, `ue.price` or `contexts.product.sku`.
        """
        name, *keys = path.split(".")
        if name in _ENVELOPES:
            if self._may_have(_ENVELOPES[name], keys):
                yield from self._json_values(name, keys)
        elif name in self.fields:
            yield from within(self.fields[name], keys)
        else:
            yield from within(self._column(name), keys)

    def _may_have(self, envelope: tuple[str, str], keys: list[str]) -> bool:
        """Whether the JSON in a field can have a path. Parsing it takes far longer."""
        text = self._envelope_text(*envelope)
        return text is not None and (not keys or not keys[-1].isascii() or keys[-1] in text)

    def _json_values(self, name: str, keys: list[str]) -> Iterator[Any]:
        if name == "ue":
            yield from within(self.described and self.described["data"], keys)
            return
        wanted = keys[0].lower() if keys else None
        for entity in self.entities:
            if wanted is None or _name(entity["schema"]).lower() == wanted:
                yield from within(entity["data"], keys[1:])

    def _column(self, name: str) -> Any:
        if name == "event":
            return self.event_type
        parameter, convert = _SENT_AS.get(name, (None, None))
        value = self.fields.get(parameter) if parameter else None
        if convert is None or (not value and name in _ALSO_OF_REQUEST):
            return self.columns.get(name)
        if not value:
            return None
        try:
            return convert(value)
        except (TypeError, ValueError):
            return value


def within(value: object, keys: list[str]) -> Iterator[Any]:
    """Yield the values at a path into JSON. A path goes through all items of a list."""
    if isinstance(value, list):
        for item in value:
            yield from within(item, keys)
    elif not keys:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        yield from within(value.get(keys[0]), keys[1:])


def scalars(value: object) -> Iterator[object]:
    """Yield the keys and the values of JSON, except for lists and objects."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item)
    else:
        yield value


def _name(schema: str) -> str:
    parts = schema.split("/")
    return parts[1] if len(parts) > 1 else schema


def parsed(text: str | None) -> Any:
    """Return the value of a JSON text, or None if it is none."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_self_describing(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("schema"), str) and "data" in value


def _unescaped(text: str) -> str:
    value = parsed(text) if "\\" in text else None
    return "\n".join(map(str, scalars(value)))
