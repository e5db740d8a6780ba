"""Rewrite a schema so that jsonschema-rs judges data as Iglu does.

Iglu validates with networknt's json-schema-validator 1.0.76. It knows the keywords of draft 4, and
deviates from the draft in some points; `adapt` expresses these with what jsonschema-rs knows:

- Keywords of later drafts are ignored, and so are `$ref`s to other documents.
- Keywords beside a `$ref` count.
- `nullable: true` accepts null (an OpenAPI habit).
- Properties whose names begin with `#` are allowed in closed objects.
- Numbers within arrays and objects are equal only if they are written alike: 1 differs from 1.0.
- Patterns have the syntax of Java.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu.formats import FORMATS
from snowplow_tracker.iglu.patterns import UnsupportedPatternError, translate
from snowplow_tracker.iglu.pointers import MissingTargetError, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ENUM", "MULTIPLE_OF", "UNIQUE_ITEMS", "Adapted", "Schema", "adapt"]

Schema = dict[str, Any]

ENUM = "x-enum"
MULTIPLE_OF = "x-multipleOf"
UNIQUE_ITEMS = "x-uniqueItems"

_COPIED = frozenset(
    (
        *("minimum", "maximum", "exclusiveMaximum", "required"),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    )
)


@dataclass
class Adapted:
    """A rewritten schema.

    Attributes:
        schema: The schema for jsonschema-rs.
        notes: What is not checked, and why; a text each.
        broken: References that lead nowhere.
    """

    schema: Schema
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    origins: dict[int, tuple[Schema, Schema]] = field(default_factory=dict)

    def origin(self, rewritten: Schema) -> Schema:
        """Return the part of the original schema that a part of `schema` was made of."""
        return self.origins[id(rewritten)][1] if id(rewritten) in self.origins else rewritten


def adapt(schema: Schema) -> Adapted:
    """Rewrite a schema that is valid by the meta-schema."""
    return _Adapter(schema).run()


class _Adapter:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._result = Adapted({})
        self._definitions: dict[str, Schema] = {}
        self._waiting: list[tuple[str, Schema]] = []
        self._names: dict[str, str] = {}
        self._rewrites: dict[str, Callable[[Schema, Schema], None]] = {
            "type": self._type,
            "enum": self._enum,
            "multipleOf": self._multiple_of,
            "uniqueItems": self._unique_items,
            "format": self._format,
            "pattern": self._pattern,
            "properties": self._properties,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "items": self._items,
            "dependencies": self._dependencies,
            "not": self._not,
            **dict.fromkeys(("allOf", "anyOf", "oneOf"), self._branches),
        }

    def run(self) -> Adapted:
        schema = self._schema(self._root)
        while self._waiting:
            name, target = self._waiting.pop()
            self._definitions[name] = self._schema(target)
        if self._definitions:
            schema["definitions"] = self._definitions
        self._result.schema = schema
        return self._result

    def _schema(self, original: Schema) -> Schema:
        reference = original.get("$ref")
        if isinstance(reference, str):
            schema = self._with_reference(original, reference)
        else:
            schema = self._keywords(original)
        return self._known(schema, original)

    def _with_reference(self, original: Schema, reference: str) -> Schema:
        beside = self._keywords({key: value for key, value in original.items() if key != "$ref"})
        if reference.startswith("#"):
            target: Schema = {"$ref": self._target(reference)}
            return {"allOf": [target, self._known(beside, original)]} if beside else target
        self._note(f"$ref {reference}: another document, it is not loaded")
        return beside

    def _known(self, schema: Schema, original: Schema) -> Schema:
        # Keep the rewritten part alive, or its id could become that of another object.
        self._result.origins[id(schema)] = (schema, original)
        return schema

    def _target(self, reference: str) -> str:
        if reference in self._names:
            return self._names[reference]
        try:
            target = resolve(self._root, reference)
        except MissingTargetError:
            self._result.broken.append(reference)
            target = {}
        if target is self._root:
            self._names[reference] = "#"
        else:
            name = str(len(self._names))
            self._names[reference] = f"#/definitions/{name}"
            self._waiting.append((name, target))
        return self._names[reference]

    def _keywords(self, original: Schema) -> Schema:
        schema: Schema = {key: original[key] for key in original.keys() & _COPIED}
        for keyword, rewrite in self._rewrites.items():
            if keyword in original:
                rewrite(schema, original)
        if original.get("exclusiveMinimum") is True and "minimum" in original:
            schema["exclusiveMinimum"] = True
        return schema

    def _type(self, schema: Schema, original: Schema) -> None:
        kinds = original["type"]
        if original.get("nullable") is True:
            kinds = [kinds] if isinstance(kinds, str) else list(kinds)
            kinds = kinds if "null" in kinds else [*kinds, "null"]
        schema["type"] = kinds

    def _enum(self, schema: Schema, original: Schema) -> None:
        options = list(original["enum"])
        if original.get("nullable") is True:
            options.append(None)
        has_containers = any(isinstance(option, (dict, list)) for option in options)
        schema[ENUM if has_containers else "enum"] = options if has_containers else _unique(options)

    def _multiple_of(self, schema: Schema, original: Schema) -> None:
        if original["multipleOf"] > 0:
            schema[MULTIPLE_OF] = original["multipleOf"]

    def _unique_items(self, schema: Schema, original: Schema) -> None:
        if original["uniqueItems"]:
            schema[UNIQUE_ITEMS] = True

    def _format(self, schema: Schema, original: Schema) -> None:
        if original["format"] in FORMATS:
            schema["format"] = original["format"]

    def _pattern(self, schema: Schema, original: Schema) -> None:
        pattern = self._translated(original["pattern"])
        if pattern is not None:
            schema["pattern"] = pattern

    def _translated(self, pattern: str) -> str | None:
        try:
            return translate(pattern)
        except UnsupportedPatternError as error:
            self._note(f"pattern {pattern!r}: {error}; it is not checked")
        return None

    def _properties(self, schema: Schema, original: Schema) -> None:
        schema["properties"] = {
            name: self._schema(child) for name, child in original["properties"].items()
        }

    def _pattern_properties(self, schema: Schema, original: Schema) -> None:
        found = {
            self._translated(pattern): self._schema(child)
            for pattern, child in original["patternProperties"].items()
        }
        found.pop(None, None)
        schema.setdefault("patternProperties", {}).update(found)

    def _additional_properties(self, schema: Schema, original: Schema) -> None:
        value = original["additionalProperties"]
        if value is not True:
            schema["additionalProperties"] = self._schema(value) if value else False
            schema.setdefault("patternProperties", {})["^#"] = {}
        if value == {}:
            schema["additionalProperties"] = True

    def _items(self, schema: Schema, original: Schema) -> None:
        items = original["items"]
        if isinstance(items, dict):
            schema["items"] = self._schema(items)
            return
        schema["items"] = [self._schema(item) for item in items]
        additional = original.get("additionalItems", True)
        is_schema = isinstance(additional, dict)
        schema["additionalItems"] = self._schema(additional) if is_schema else additional

    def _dependencies(self, schema: Schema, original: Schema) -> None:
        schema["dependencies"] = {
            name: self._schema(needed) if isinstance(needed, dict) else needed
            for name, needed in original["dependencies"].items()
        }

    def _branches(self, schema: Schema, original: Schema) -> None:
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in original:
                schema[keyword] = [self._schema(branch) for branch in original[keyword]]

    def _not(self, schema: Schema, original: Schema) -> None:
        schema["not"] = self._schema(original["not"])

    def _note(self, text: str) -> None:
        if text not in self._result.notes:
            self._result.notes.append(text)


def _unique(options: list[Any]) -> list[Any]:
    # The meta-schema of jsonschema-rs refuses 1 beside 1.0. True equals 1 only in Python.
    return list({(isinstance(option, bool), option): option for option in options}.values())
