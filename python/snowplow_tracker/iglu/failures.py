"""Why self-describing data is bad, in the forms that Snowplow gives to it.

https://docs.snowplow.io/docs/fundamentals/failed-events/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from snowplow_tracker.iglu.names import SchemaKey, is_iglu_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snowplow_tracker.iglu.compiled import Issue
    from snowplow_tracker.iglu.reports import Report

__all__ = [
    "FAILURE_SCHEMA",
    "Failure",
    "FailureType",
    "criterion_mismatch",
    "invalid_data",
    "not_iglu",
    "not_json",
    "unresolved",
    "unusable_schema",
]

FailureType = Literal[
    "NotJSON", "NotIglu", "CriterionMismatch", "ResolutionError", "ValidationError"
]
FAILURE_SCHEMA = "iglu:com.snowplowanalytics.snowplow/failure/jsonschema/1-0-0"

_MAX_SHOWN = 5
_NOT_IGLU = {
    "INVALID_SCHEMAVER": "Invalid schema version",
    "INVALID_IGLUURI": "Invalid Iglu URI",
    "INVALID_DATA_PAYLOAD": "Invalid data payload",
    "INVALID_SCHEMA": "Invalid schema",
}


@dataclass(frozen=True)
class Failure:
    """One reason why an event is bad.

    Attributes:
        type: `NotJSON`, `NotIglu`, `CriterionMismatch`, `ResolutionError` (the schema is not
            found), or `ValidationError` (the data does not fit it, or it is unusable).
        source: Part of the event: `unstruct`, `contexts`, or the name of a field.
        schema: URI of the schema, or None if there is none.
        data: The data that is bad.
        errors: What is wrong, each with `message` and `source`; with `path`, `keyword` and
            `targets` if the data does not fit its schema.
        hint: A suggestion, such as `did you mean "targetUrl"?`; None if there is none.
        violation: The entry of a bad row's `data.failure.messages`.
    """

    type: FailureType
    source: str
    schema: str | None
    data: Any
    errors: list[dict[str, Any]]
    hint: str | None = None
    violation: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """One line that says what is wrong and where."""
        name = _short(self.schema)
        shown = "; ".join(str(error["message"]) for error in self.errors[:_MAX_SHOWN])
        if len(self.errors) > _MAX_SHOWN:
            shown += f"; and {len(self.errors) - _MAX_SHOWN} more"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.source}: {f'{name}: ' if name else ''}{shown}{hint}"

    def to_json(self) -> dict[str, Any]:
        """Return the data of the entity that Snowplow attaches to a failed event.

        Its schema is `FAILURE_SCHEMA`. The entity also has a time, and the name and version of the
        program that found the failure; the caller adds these.
        """
        data: dict[str, Any] = {"failureType": self.type, "errors": self.errors}
        if self.schema is not None:
            data["schema"] = self.schema
        data["data"] = self.data if self.type != "NotJSON" else {"source": self.data}
        return data

    def to_violation(self) -> dict[str, Any]:
        """Return the entry of `data.failure.messages` in a bad row."""
        return self.violation

    def size(self) -> int:
        """Return the approximate memory use in bytes, that of the data included."""
        # A value takes up to 32 bytes for each character of its JSON.
        texts = repr((self.errors, self.violation, self.hint))
        return 1_000 + 4 * len(texts) + 32 * len(repr(self.data))


def not_json(field_name: str, source: str, value: str | None, reason: str) -> Failure:
    """Return the failure of a field whose text is not JSON."""
    return Failure(
        "NotJSON",
        source,
        None,
        value,
        [{"message": reason, "source": source}],
        violation={"field": field_name, "value": value, "error": reason},
    )


def not_iglu(data: Any, source: str) -> Failure:
    """Return the failure of data that is not self-describing."""
    code = _not_iglu_code(data)
    return Failure(
        "NotIglu",
        source,
        None,
        data,
        [{"message": _NOT_IGLU[code], "source": source}],
        violation={"json": data, "error": code},
    )


def _not_iglu_code(data: Any) -> str:
    if not isinstance(data, dict) or "data" not in data or not isinstance(data.get("schema"), str):
        return "INVALID_DATA_PAYLOAD"
    return "INVALID_DATA_PAYLOAD" if is_iglu_uri(data["schema"]) else "INVALID_IGLUURI"


def criterion_mismatch(data: Any, source: str, schema: str, criterion: str) -> Failure:
    """Return the failure of an envelope whose schema is another one than expected."""
    message = "Unexpected schema: URI does not match the criterion"
    return Failure(
        "CriterionMismatch",
        source,
        schema,
        data,
        [{"message": message, "source": source, "criterion": criterion}],
        violation={"schemaKey": schema, "schemaCriterion": criterion},
    )


def unresolved(
    schema: str, data: Any, source: str, history: list[dict[str, Any]], hint: str | None = None
) -> Failure:
    """Return the failure of data whose schema is not found.

    Args:
        schema: URI of the schema.
        data: The data.
        source: Part of the event.
        history: What the registries answered.
        hint: A suggestion.
    """
    message = "Resolution error: schema URI not found"
    error = {"error": "ResolutionError", "lookupHistory": history}
    return Failure(
        "ResolutionError",
        source,
        schema,
        data,
        [{"message": message, "source": source, "lookupHistory": history}],
        hint,
        {"schemaKey": schema, "error": error},
    )


def unusable_schema(schema: str, data: Any, source: str, issues: Iterable[Issue]) -> Failure:
    """Return the failure of data whose schema is itself broken."""
    listed = [issue._asdict() for issue in issues]
    errors = [
        {
            "message": f"Invalid schema: {schema} - {issue['message']}",
            "source": source,
            "path": issue["path"],
        }
        for issue in listed
    ]
    error = {"error": "ValidationError", "schemaIssues": listed}
    violation = {"schemaKey": schema, "error": error}
    return Failure("ValidationError", source, schema, data, errors, violation=violation)


def invalid_data(
    schema: str,
    data: Any,
    source: str,
    reports: Sequence[Report],
    hint: str | None = None,
    superseded_by: str | None = None,
) -> Failure:
    """Return the failure of data that does not fit its schema.

    Args:
        schema: URI of the schema.
        data: The data.
        source: Part of the event.
        reports: What is wrong.
        hint: A suggestion.
        superseded_by: Version of the schema that was used instead of the one in `schema`.
    """
    listed = [report.to_json() for report in reports]
    errors = [{**report, "source": source} for report in listed]
    error: dict[str, Any] = {"error": "ValidationError", "dataReports": listed}
    if superseded_by is not None:
        error["supersededBy"] = superseded_by
    violation = {"schemaKey": schema, "error": error}
    return Failure("ValidationError", source, schema, data, errors, hint, violation)


def _short(uri: str | None) -> str:
    if uri is None:
        return ""
    try:
        key = SchemaKey.parse(uri)
    except ValueError:
        return uri
    return f"{key.name} {key.version}"
