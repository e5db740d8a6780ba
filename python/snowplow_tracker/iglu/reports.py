"""Turn the errors of jsonschema-rs into the reports of Iglu.

A report has the keyword, path, targets and message that Iglu's validator gives, so that it fits the
failures that are stored in a warehouse.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.iglu.dialect import ENUM, MULTIPLE_OF, UNIQUE_ITEMS
from snowplow_tracker.iglu.formats import FORMATS
from snowplow_tracker.iglu.java_text import java_number, java_text, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import ValidationError

    from snowplow_tracker.iglu.dialect import Adapted, Schema

__all__ = ["Report", "reports"]


class Report(NamedTuple):
    """One thing that is wrong with data.

    Attributes:
        message: Path and what is wrong.
        path: Place in the data, such as `$.items[0].price`; the object itself if a property is
            missing or unknown.
        keyword: Keyword of the schema.
        targets: The values that `message` names.
        known: Names of properties that may have been meant, if a property is missing or unknown.
    """

    message: str
    path: str
    keyword: str
    targets: tuple[str, ...]
    known: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as an entry of `dataReports` in a bad row."""
        return {
            "message": self.message,
            "path": self.path,
            "keyword": self.keyword,
            "targets": list(self.targets),
        }


def reports(errors: Iterable[ValidationError], adapted: Adapted, data: Any) -> list[Report]:
    """Return the reports for all errors of `data`, without duplicates."""
    reporter = _Reporter(adapted, data)
    found = [report for error in errors for report in reporter.of(error)]
    return list(dict.fromkeys(found))


class _Reporter:
    def __init__(self, adapted: Adapted, data: Any) -> None:
        self._adapted = adapted
        self._data = data

    def of(self, error: ValidationError) -> Iterator[Report]:
        kind = error.kind.name
        if kind == "anyOf":
            yield from self._any_of(error.kind.as_dict()["context"])
        elif kind == "oneOf":
            yield from self._one_of(error)
        else:
            yield from self._plain(kind, error)

    def _plain(self, kind: str, error: ValidationError) -> Iterator[Report]:
        value, path = self._place(error)
        schema = self._schema(error.schema_path)
        if kind == "required" and error.schema_path[-1] == "dependencies":
            kind = "dependencies"
        try:
            details = list(_DETAILS.get(kind, _other)(schema, value, error, path))
        except (LookupError, TypeError):
            # The path was ambiguous, because of a property without a name.
            details = list(_other(schema, value, error, path))
        for keyword, targets, text, place in details:
            known = _known(keyword, schema, value)
            yield Report(f"{place}: {text}", path, keyword, targets, known)

    def _any_of(self, branches: list[list[ValidationError]]) -> Iterator[Report]:
        for branch in branches:
            yield from self._branch(branch)

    def _branch(self, errors: list[ValidationError]) -> Iterator[Report]:
        """Yield the reports of one branch. Data of another type has no further reports."""
        for error in errors:
            yield from self.of(error)

    def _one_of(self, error: ValidationError) -> Iterator[Report]:
        branches: list[list[ValidationError]] = error.kind.as_dict()["context"]
        if all(branches):
            found = [report for branch in branches for report in self._branch(branch)]
            telling = [one for one in found if one.keyword not in _SECONDARY]
            yield from telling or found
            return
        listed = self._schema(error.schema_path).get("oneOf", ())
        texts = "".join(_compact(one) for one in listed)
        message = "should be valid to one and only one of schema, but more than one are valid: "
        path = self._place(error)[1]
        yield Report(f"{path}: {message}{texts}", path, "oneOf", (texts,))

    def _schema(self, path: list[str | int]) -> Schema:
        """Return the original schema whose keyword a path of the rewritten one leads to."""
        schema = self._adapted.schema
        for _, _, place in _walk(schema, path[:-1]):
            if id(place) in self._adapted.origins:
                schema = place
        return self._adapted.origin(schema)

    def _place(self, error: ValidationError) -> tuple[Any, str]:
        """Return the value that an error is about, and its path."""
        value, path = self._data, "$"
        for parent, step, child in _walk(value, error.instance_path):
            path += f"[{step}]" if isinstance(parent, (list, tuple)) else f".{step}"
            value = child
        return value, path


def _walk(root: Any, path: Iterable[str | int]) -> Iterator[tuple[Any, str | int, Any]]:
    """Yield each parent, step and child of a path that jsonschema-rs gives.

    It gives names of digits as integers, and leaves out empty names.
    """
    parent = root
    for step in path:
        while isinstance(parent, dict) and str(step) not in parent and "" in parent:
            yield parent, "", parent[""]
            parent = parent[""]
        try:
            child = parent[int(step) if isinstance(parent, (list, tuple)) else str(step)]
        except (LookupError, TypeError, ValueError):
            return
        yield parent, step, child
        parent = child


_SECONDARY = frozenset(("required", "additionalProperties"))

_Detail = tuple[str, tuple[str, ...], str, str]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _known(keyword: str, schema: Schema, value: Any) -> tuple[str, ...]:
    if not isinstance(value, dict):
        return ()
    if keyword == "additionalProperties":
        return tuple(name for name in schema.get("properties", {}) if name not in value)
    if keyword == "required":
        return tuple(name for name in value if name not in schema.get("properties", {}))
    return ()


def _type(schema: Schema, value: Any, _: ValidationError, path: str) -> Iterator[_Detail]:
    found, expected = type_name(value), schema["type"]
    if isinstance(expected, str):
        yield "type", (found, expected), f"{found} found, {expected} expected", path
    else:
        listed = f"[{', '.join(expected)}]"
        yield "unionType", (found, listed), f"{found} found, but {listed} is required", path


def _required(_: Schema, __: Any, error: ValidationError, path: str) -> Iterator[_Detail]:
    name = error.kind.as_dict()["property"]
    yield "required", (name,), "is missing but it is required", f"{path}.{name}"


def _additional(_: Schema, __: Any, error: ValidationError, path: str) -> Iterator[_Detail]:
    text = "is not defined in the schema and the schema does not allow additional properties"
    for name in error.kind.as_dict()["unexpected"]:
        yield "additionalProperties", (name,), text, f"{path}.{name}"


def _additional_items(
    schema: Schema, value: Any, _: ValidationError, path: str
) -> Iterator[_Detail]:
    for i in range(len(schema["items"]), len(value)):
        yield "items", (str(i),), "no validator found at this index", f"{path}[{i}]"


def _enum(schema: Schema, _: Any, __: ValidationError, path: str) -> Iterator[_Detail]:
    options = schema["enum"] + ([None] if schema.get("nullable") is True else [])
    listed = f"[{', '.join(map(java_text, options))}]"
    yield "enum", (listed,), f"does not have a value in the enumeration {listed}", path


def _format(schema: Schema, value: Any, _: ValidationError, path: str) -> Iterator[_Detail]:
    name = schema["format"]
    known = FORMATS[name]
    if known.keyword != "format":
        yield known.keyword, (value, name), f"{value} is an invalid {name}", path
    else:
        first, second = (name, known.rule) if known.rule else (value, name)
        yield "format", (first, second), f"does not match the {first} pattern {second}", path


def _dependencies(schema: Schema, _: Any, __: ValidationError, path: str) -> Iterator[_Detail]:
    lists = {k: v for k, v in schema["dependencies"].items() if isinstance(v, list)}
    listed = ", ".join(f"{name}=[{', '.join(needed)}]" for name, needed in lists.items())
    yield "dependencies", (f"{{{listed}}}",), f"has an error with dependencies {{{listed}}}", path


def _not(schema: Schema, _: Any, __: ValidationError, path: str) -> Iterator[_Detail]:
    text = f'"not" : {_compact(schema["not"])}'
    yield "not", (text,), f"should not be valid to the schema {text}", path


def _multiple_of(schema: Schema, _: Any, __: ValidationError, path: str) -> Iterator[_Detail]:
    limit = java_number(float(schema["multipleOf"]))
    yield "multipleOf", (limit,), f"must be multiple of {limit}", path


def _unique(_: Schema, __: Any, ___: ValidationError, path: str) -> Iterator[_Detail]:
    yield "uniqueItems", (), "the items in the array must be unique", path


def _other(_: Schema, __: Any, error: ValidationError, path: str) -> Iterator[_Detail]:
    # Such as a pattern that takes too many steps to be decided.
    yield error.kind.name, (), error.message[:200], path


def _limit(keyword: str, text: str) -> Any:
    def details(schema: Schema, _: Any, __: ValidationError, path: str) -> Iterator[_Detail]:
        limit = java_text(schema[keyword])
        yield keyword, (limit,), text.format(limit), path

    return details


_DETAILS = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "additionalItems": _additional_items,
    "enum": _enum,
    ENUM: _enum,
    "format": _format,
    "dependencies": _dependencies,
    "not": _not,
    MULTIPLE_OF: _multiple_of,
    UNIQUE_ITEMS: _unique,
    "pattern": _limit("pattern", "does not match the regex pattern {}"),
    "minLength": _limit("minLength", "must be at least {} characters long"),
    "maxLength": _limit("maxLength", "may only be {} characters long"),
    "minimum": _limit("minimum", "must have a minimum value of {}"),
    "maximum": _limit("maximum", "must have a maximum value of {}"),
    "exclusiveMinimum": _limit("minimum", "must have a minimum value of {}"),
    "exclusiveMaximum": _limit("maximum", "must have a maximum value of {}"),
    "minItems": _limit("minItems", "there must be a minimum of {} items in the array"),
    "maxItems": _limit("maxItems", "there must be a maximum of {} items in the array"),
    "minProperties": _limit("minProperties", "should have a minimum of {} properties"),
    "maxProperties": _limit("maxProperties", "may only have a maximum of {} properties"),
}
