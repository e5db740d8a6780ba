"""The JSON in the fields of an event: as text, as objects, and back."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from snowplow_tracker._native import CONTEXT_SCHEMA, UNSTRUCT_EVENT_SCHEMA, dumps
from snowplow_tracker.self_describing_json import SelfDescribingJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowplow_tracker.typing import JsonEncoderFunction

__all__ = [
    "append_entities",
    "decode_data",
    "decode_entities",
    "decode_entity",
    "encode_data",
    "encode_entities",
    "encode_entity",
    "in_transport_encoding",
    "schema_of",
]

# As text and as base64.
_DATA, _ENTITIES = ("ue_pr", "ue_px"), ("co", "cx")
# As native code writes it.
_SCHEMA_OF_DATA = re.compile(r'\{"schema":"[^"\\]*","data":\{"schema":"([^"\\]*)"')
_EXACT_DIGITS = 16


def schema_of(fields: dict[str, Any]) -> str | None:
    """Return the schema of an event's data, if the text of its JSON tells it at once."""
    text = _text(fields, _DATA)
    match = None if text is None else _SCHEMA_OF_DATA.match(text)
    return match and match[1]


def decode_data(fields: dict[str, Any]) -> None:
    """Replace the encoded data by `data`. What cannot be decoded stays."""
    envelope = _decoded(fields, _DATA)
    if envelope is not None and (data := _self_describing(envelope)) is not None:
        _remove(fields, _DATA)
        fields["data"] = data


def decode_entities(fields: dict[str, Any]) -> None:
    """Replace the encoded entities by `entities`. What cannot be decoded stays."""
    found = _decoded(fields, _ENTITIES)
    if found is None:
        if not any(name in fields for name in _ENTITIES):
            fields["entities"] = []
        return
    entities = [_self_describing(entity) for entity in found] if isinstance(found, list) else [None]
    if None not in entities:
        _remove(fields, _ENTITIES)
        fields["entities"] = entities


def decode_entity(text: str) -> SelfDescribingJson:
    """Return an entity by its JSON."""
    entity = _loads(text)
    return SelfDescribingJson(entity["schema"], entity["data"])


def encode_data(fields: dict[str, Any], json_encoder: JsonEncoderFunction | None) -> None:
    """Replace `data` by its JSON.

    Raises:
        TypeError: It is not self-describing, or JSON does not support it.
    """
    data = fields.pop("data", None)
    if data is not None:
        _remove(fields, _DATA)
        fields["ue_pr"] = _enveloped(UNSTRUCT_EVENT_SCHEMA, encode_entity(data, json_encoder))


def encode_entities(fields: dict[str, Any], json_encoder: JsonEncoderFunction | None) -> None:
    """Replace `entities` by their JSON. Raises as `encode_data` does."""
    entities = fields.pop("entities", None) or ()
    append_entities(fields, [encode_entity(entity, json_encoder) for entity in entities])


def encode_entity(entity: Any, json_encoder: JsonEncoderFunction | None) -> str:
    """Return an entity as JSON.

    Raises:
        TypeError: It is not self-describing, or JSON does not support its data.
    """
    to_json = getattr(entity, "to_json", None)
    if to_json is None:
        raise TypeError(f"an entity must be a SelfDescribingJson, not {type(entity).__name__}")
    return dumps(to_json(), json_encoder).decode()


def append_entities(fields: dict[str, Any], entities: Sequence[str]) -> None:
    """Append entities, given as JSON, to those in the fields. The fields then contain text."""
    if not entities:
        return
    text, further = _text(fields, _ENTITIES), ",".join(entities)
    _remove(fields, _ENTITIES)
    if text is None:
        fields["co"] = _enveloped(CONTEXT_SCHEMA, f"[{further}]")
    elif text.endswith("[]}"):
        fields["co"] = f"{text[:-2]}{further}]}}"
    else:
        fields["co"] = f"{text[:-2]},{further}]}}"


def in_transport_encoding(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with JSON as base64."""
    for text, base64 in (_DATA, _ENTITIES):
        value = fields.get(text)
        if isinstance(value, str):
            del fields[text]
            fields[base64] = urlsafe_b64encode(value.encode()).decode()
    return fields


def _enveloped(schema: str, data: str) -> str:
    return f'{{"schema":"{schema}","data":{data}}}'


def _text(fields: dict[str, Any], names: tuple[str, str]) -> str | None:
    """Return the JSON in one of two fields, without blanks around it; None if there is none."""
    text, base64 = names
    value = fields.get(text)
    if isinstance(value, str):
        return value.strip()
    value = fields.get(base64)
    if isinstance(value, str):
        try:
            return urlsafe_b64decode(value).decode().strip()
        except ValueError:  # the program's own text
            return None
    return None


def _remove(fields: dict[str, Any], names: tuple[str, str]) -> None:
    for name in names:
        fields.pop(name, None)


def _decoded(fields: dict[str, Any], names: tuple[str, str]) -> Any:
    """Return the data of the envelope in one of two fields, or None."""
    text = _text(fields, names)
    try:
        envelope = None if text is None else _loads(text)
    except (ValueError, RecursionError):  # the program's own text
        return None
    return envelope.get("data") if isinstance(envelope, dict) else None


def _self_describing(json: Any) -> SelfDescribingJson | None:
    if isinstance(json, dict) and json.keys() >= {"schema", "data"} and json["schema"]:
        return SelfDescribingJson(json["schema"], json["data"])
    return None


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=_exact)


def _exact(text: str) -> Any:
    """Return a number that is written with the same digits again, which a float may not be."""
    number = float(text)
    if len(text) <= _EXACT_DIGITS:
        return number
    from decimal import Decimal  # noqa: PLC0415 - rarely needed

    return number if Decimal(text) == Decimal(repr(number)) else Decimal(text)
