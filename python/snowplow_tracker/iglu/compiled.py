"""A schema, checked and compiled."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema_rs import Draft4Validator

from snowplow_tracker.iglu.dialect import ENUM, MULTIPLE_OF, UNIQUE_ITEMS, Adapted, Schema, adapt
from snowplow_tracker.iglu.equality import EnumKeyword, MultipleOfKeyword, UniqueItemsKeyword
from snowplow_tracker.iglu.formats import FORMATS
from snowplow_tracker.iglu.metaschema import META_SCHEMA, unusable_meta_schema
from snowplow_tracker.iglu.reports import Report, reports

__all__ = ["CompiledSchema", "Issue"]


if TYPE_CHECKING:
    from jsonschema_rs import KeywordValidator

_KEYWORDS: dict[str, type[KeywordValidator]] = {
    ENUM: EnumKeyword,
    MULTIPLE_OF: MultipleOfKeyword,
    UNIQUE_ITEMS: UniqueItemsKeyword,
}


class Issue(NamedTuple):
    """One thing that is wrong with a schema.

    Attributes:
        path: Place in the schema.
        message: What is wrong.
    """

    path: str
    message: str


class CompiledSchema:
    """A schema that validates data as Iglu does.

    Args:
        schema: The schema with all its keywords.

    Attributes:
        issues: What makes the schema unusable; empty for a usable one.
        notes: What of the schema is not checked.
    """

    def __init__(self, schema: Schema) -> None:
        self.issues: list[Issue] = _issues(schema)
        self.__adapted = Adapted({}) if self.issues else adapt(schema)
        self.notes: tuple[str, ...] = tuple(self.__adapted.notes)
        self.issues += [
            Issue("$", f"Reference {reference} cannot be resolved")
            for reference in self.__adapted.broken
        ]
        try:
            self.__validator = _compile(self.__adapted.schema)
        except ValueError as error:
            self.__validator = _compile({})
            self.issues.append(Issue("$", f"cannot be compiled: {error}"))

    def check(self, data: Any) -> list[Report]:
        """Return what is wrong with data; empty if it is valid.

        Raises:
            ValueError: The data is nested too deeply, or is not JSON.
        """
        try:
            if self.__validator.is_valid(data):
                return []
            errors = list(self.__validator.iter_errors(data))
        except UnicodeEncodeError:
            # jsonschema-rs reads strings as UTF-8, which has no lone surrogates.
            return self.check(_without_surrogates(data))
        return reports(errors, self.__adapted, data)


def _issues(schema: Schema) -> list[Issue]:
    unusable = unusable_meta_schema(schema)
    if unusable:
        return [Issue("$.$schema", unusable)]
    validator, adapted = _meta_validator()
    try:
        found = reports(validator.iter_errors(schema), adapted, schema)
    except ValueError as error:
        return [Issue("$", f"not JSON: {error}")]
    return [Issue(report.path, report.message) for report in found]


@cache
def _meta_validator() -> tuple[Draft4Validator, Adapted]:
    adapted = adapt(META_SCHEMA)
    return _compile(adapted.schema), adapted


def _compile(schema: Schema) -> Draft4Validator:
    return Draft4Validator(
        schema,
        formats={name: known.accepts for name, known in FORMATS.items()},
        validate_formats=True,
        keywords=_KEYWORDS,
        offline=True,
    )


def _without_surrogates(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_without_surrogates(item) for item in data]
    return data
