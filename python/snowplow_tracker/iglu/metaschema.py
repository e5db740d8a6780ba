"""The rules for schemas themselves: draft 4 of JSON Schema, as far as Iglu checks it.

https://datatracker.ietf.org/doc/html/draft-zyp-json-schema-04
"""

from __future__ import annotations

from typing import Any

__all__ = ["IGLU_META_SCHEMA", "META_SCHEMA", "unusable_meta_schema"]

IGLU_META_SCHEMA = (
    "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#"
)
"""The value of `$schema` in schemas of Iglu; an identifier, nothing is fetched."""

_USABLE = (None, IGLU_META_SCHEMA, "https://json-schema.org/draft-04/schema")

_SCHEMA = {"$ref": "#"}
_NATURAL = {"type": "integer", "minimum": 0}
_NUMBER = {"type": "number"}
_STRING = {"type": "string"}
_FLAG = {"type": "boolean"}
_FLAG_OR_SCHEMA = {"anyOf": [_FLAG, _SCHEMA]}
_SCHEMAS_BY_NAME = {"type": "object", "additionalProperties": _SCHEMA}
_SCHEMAS = {"type": "array", "minItems": 1, "items": _SCHEMA}
_TYPE = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
_TYPES = {"type": "array", "minItems": 1, "uniqueItems": True, "items": _TYPE}
_NAMES = {"type": "array", "minItems": 1, "uniqueItems": True, "items": _STRING}

META_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "$schema", "title", "description", "format", "pattern"), _STRING),
        **dict.fromkeys(("minimum", "maximum"), _NUMBER),
        "multipleOf": {"type": "number", "minimum": 0},
        **dict.fromkeys(("exclusiveMaximum", "uniqueItems"), _FLAG),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _NATURAL),
        **dict.fromkeys(("minProperties", "maxProperties"), _NATURAL),
        "additionalItems": _FLAG_OR_SCHEMA,
        "additionalProperties": _FLAG_OR_SCHEMA,
        "items": {"anyOf": [_SCHEMA, _SCHEMAS]},
        "required": _NAMES,
        **dict.fromkeys(("definitions", "properties", "patternProperties"), _SCHEMAS_BY_NAME),
        "dependencies": {
            "type": "object",
            "additionalProperties": {"anyOf": [_SCHEMA, _NAMES]},
        },
        "enum": {"type": "array", "minItems": 1, "uniqueItems": True},
        "type": {"anyOf": [_TYPE, _TYPES]},
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), _SCHEMAS),
        "not": _SCHEMA,
    },
    "dependencies": {"exclusiveMaximum": ["maximum"]},
}


def unusable_meta_schema(schema: dict[str, Any]) -> str | None:
    """Return why the `$schema` of a schema makes it unusable, or None."""
    found = schema.get("$schema")
    if found in _USABLE:
        return None
    return f"Unknown MetaSchema: {found}; use {IGLU_META_SCHEMA}"
