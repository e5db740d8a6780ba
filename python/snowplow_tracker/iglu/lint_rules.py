"""The checks that look at one part of a schema at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RULES", "SKIPPABLE", "Level", "Rule", "parts"]

Level = Literal["error", "warning", "info"]
Part = dict[str, Any]


class Rule(NamedTuple):
    """A check.

    Attributes:
        check: Its name; that of igluctl if igluctl has it.
        level: How bad findings are.
        find: Yields a message for each finding in a part of a schema at a path.
    """

    check: str
    level: Level
    find: Callable[[Part, str], Iterator[str]]


def parts(schema: Part, path: str = "$") -> Iterator[tuple[str, Part]]:
    """Yield the path of each part of a schema that is itself a schema, and the part."""
    yield path, schema
    for keyword in ("properties", "patternProperties", "definitions", "dependencies"):
        children = schema.get(keyword)
        for name, child in children.items() if isinstance(children, dict) else ():
            if isinstance(child, dict):
                yield from parts(child, f"{path}.{keyword}.{name}")
    for keyword in ("items", "additionalItems", "additionalProperties", "not"):
        if isinstance(schema.get(keyword), dict):
            yield from parts(schema[keyword], f"{path}.{keyword}")
    for keyword in ("items", "allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        for i, child in enumerate(branches if isinstance(branches, list) else ()):
            yield from parts(child, f"{path}.{keyword}[{i}]")


_OF_TYPE = {
    "number": frozenset(
        ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    ),
    "string": frozenset(("minLength", "maxLength", "pattern", "format")),
    "array": frozenset(("items", "additionalItems", "minItems", "maxItems", "uniqueItems")),
    "object": frozenset(
        (
            *("properties", "additionalProperties", "required", "minProperties", "maxProperties"),
            *("patternProperties", "dependencies"),
        )
    ),
}
_LATER_DRAFTS = frozenset(
    (
        *("$anchor", "$comment", "$defs", "const", "contains", "contentEncoding", "else", "if"),
        *("contentMediaType", "dependentRequired", "dependentSchemas", "examples", "maxContains"),
        *("minContains", "prefixItems", "propertyNames", "then", "unevaluatedItems"),
        "unevaluatedProperties",
    )
)
_FORMATS = frozenset(("date-time", "date", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"))
_LONGEST_TEXT = 65_535


def _types(part: Part) -> frozenset[str]:
    """Return the types of a part, with `integer` as `number`; empty if any type is allowed."""
    kinds = part.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return frozenset("number" if kind == "integer" else kind for kind in kinds)


def _order(low: str, high: str) -> Callable[[Part, str], Iterator[str]]:
    def find(part: Part, _: str) -> Iterator[str]:
        if low in part and high in part and part[low] > part[high]:
            yield f"{low} {part[low]} is greater than {high} {part[high]}"

    return find


def _keywords_of(kind: str) -> Callable[[Part, str], Iterator[str]]:
    def find(part: Part, _: str) -> Iterator[str]:
        types = _types(part)
        used = sorted(part.keys() & _OF_TYPE[kind])
        if used and types and kind not in types:
            listed = ", ".join(sorted(types))
            yield f"{', '.join(used)}: of the type {kind}, but the type is {listed}"

    return find


def _required_exist(part: Part, _: str) -> Iterator[str]:
    if part.get("additionalProperties") is False and not part.get("patternProperties"):
        missing = [
            name for name in part.get("required", []) if name not in part.get("properties", {})
        ]
        if missing:
            yield f"required names properties that do not exist: {', '.join(missing)}"


def _longest(part: Part, _: str) -> Iterator[str]:
    if part.get("maxLength", 0) > _LONGEST_TEXT:
        yield f"maxLength {part['maxLength']} is greater than {_LONGEST_TEXT}"


def _disallowed_characters(part: Part, _: str) -> Iterator[str]:
    for name in part.get("properties", {}):
        if not re.fullmatch(r"[a-zA-Z0-9_]*", re.sub(r"[-.]", "_", name)):
            yield f"property {name!r}: BigQuery allows only letters, digits and underscores"


def _illegal_start(part: Part, _: str) -> Iterator[str]:
    for name in part.get("properties", {}):
        if not re.match(r"[a-zA-Z_]", name):
            yield f"property {name!r}: in BigQuery a name begins with a letter or an underscore"


def _root(part: Part, path: str) -> Iterator[str]:
    if path == "$" and ("object" not in _types(part) or "properties" not in part):
        yield "the root must be of type object and have properties"


def _unknown_formats(part: Part, _: str) -> Iterator[str]:
    if "format" in part and part["format"] not in _FORMATS:
        yield f"format {part['format']!r} is unknown; known are {', '.join(sorted(_FORMATS))}"


def _numeric_limits(part: Part, _: str) -> Iterator[str]:
    missing = [keyword for keyword in ("minimum", "maximum") if keyword not in part]
    if "number" in _types(part) and missing and "enum" not in part:
        yield f"a number needs {' and '.join(missing)}"


def _string_length(part: Part, _: str) -> Iterator[str]:
    has_limit = "enum" in part or "maxLength" in part or part.get("format") in _FORMATS
    if "string" in _types(part) and not has_limit:
        yield "a string needs maxLength, enum or a known format"


def _optional_null(part: Part, _: str) -> Iterator[str]:
    required = part.get("required", [])
    for name, child in part.get("properties", {}).items():
        types = _types(child)
        if name not in required and types and "null" not in types:
            yield f"optional property {name!r} must allow null"


def _description(part: Part, path: str) -> Iterator[str]:
    if path == "$" and not part.get("description"):
        yield "has no description"


def _ignored(part: Part, _: str) -> Iterator[str]:
    for keyword in sorted(part.keys() & _LATER_DRAFTS):
        yield f"{keyword}: Iglu knows only draft 4, and ignores it"
    reference = part.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        yield f"$ref {reference}: another document, Iglu does not load it"
    if isinstance(part.get("exclusiveMinimum"), (int, float)) and not isinstance(
        part["exclusiveMinimum"], bool
    ):
        yield "exclusiveMinimum: a boolean beside minimum in draft 4; the number is ignored"


def _superseding(part: Part, path: str) -> Iterator[str]:
    if path == "$" and "$supersedes" in part:
        yield "$supersedes does nothing in a folder; the older file needs $supersededBy"


RULES: tuple[Rule, ...] = (
    Rule("numericMinimumMaximum", "error", _order("minimum", "maximum")),
    Rule("stringMinMaxLength", "error", _order("minLength", "maxLength")),
    Rule("arrayMinMaxItems", "error", _order("minItems", "maxItems")),
    Rule("numericProperties", "error", _keywords_of("number")),
    Rule("stringProperties", "error", _keywords_of("string")),
    Rule("arrayProperties", "error", _keywords_of("array")),
    Rule("objectProperties", "error", _keywords_of("object")),
    Rule("requiredPropertiesExist", "error", _required_exist),
    Rule("stringMaxLengthRange", "warning", _longest),
    Rule("bqDisallowedCharacters", "warning", _disallowed_characters),
    Rule("bqIllegalStart", "warning", _illegal_start),
    Rule("rootObject", "error", _root),
    Rule("unknownFormats", "warning", _unknown_formats),
    Rule("numericMinMax", "warning", _numeric_limits),
    Rule("stringLength", "warning", _string_length),
    Rule("optionalNull", "warning", _optional_null),
    Rule("description", "warning", _description),
    Rule("ignoredKeyword", "warning", _ignored),
    Rule("supersedes", "info", _superseding),
)

SKIPPABLE = frozenset(
    (
        *("rootObject", "unknownFormats", "numericMinMax", "stringLength", "optionalNull"),
        *("description", "ignoredKeyword", "supersedes", "fileName"),
    )
)
"""Names of the checks that may be left out."""
