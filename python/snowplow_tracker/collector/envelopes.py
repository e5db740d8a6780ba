"""What is wrong with the envelopes of self-describing data, in the forms of Iglu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker._canonical_event import VENDOR
from snowplow_tracker.collector.decode import UndecodableError, json_field
from snowplow_tracker.iglu import SchemaCriterion, SchemaKey
from snowplow_tracker.iglu.failures import Failure, criterion_mismatch, not_iglu, not_json

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["envelope_failures"]


class _Envelope(NamedTuple):
    encoded: str
    plain: str
    source: str
    criterion: SchemaCriterion


_ENVELOPES = (
    _Envelope(
        "ue_px",
        "ue_pr",
        "unstruct",
        SchemaCriterion(VENDOR, "unstruct_event", "jsonschema", 1, 0),
    ),
    _Envelope("cx", "co", "contexts", SchemaCriterion(VENDOR, "contexts", "jsonschema", 1, 0)),
)


def envelope_failures(parameters: dict[str, str]) -> Iterator[Failure]:
    """Yield a failure for each part of an event that is not self-describing JSON."""
    for envelope in _ENVELOPES:
        try:
            name, value = json_field(parameters, envelope.encoded, envelope.plain)
        except UndecodableError as error:
            name, _, reason = str(error).partition(": ")
            yield not_json(name, envelope.source, parameters.get(name), reason)
            continue
        if name is not None:
            yield from _failures(envelope, value)


def _failures(envelope: _Envelope, value: Any) -> Iterator[Failure]:
    key = _key(value)
    if key is None:
        yield not_iglu(value, envelope.source)
        return
    if not envelope.criterion.matches(key):
        yield criterion_mismatch(value, envelope.source, key.uri, str(envelope.criterion))
        return
    data = value["data"]
    if envelope.source == "contexts" and not isinstance(data, list):
        yield not_iglu(value, envelope.source)
        return
    for item in data if envelope.source == "contexts" else [data]:
        if _key(item) is None or len(item) > 2:  # noqa: PLR2004  # schema and data
            yield not_iglu(item, envelope.source)


def _key(value: Any) -> SchemaKey | None:
    try:
        return SchemaKey.parse(value["schema"]) if "data" in value else None
    except (KeyError, TypeError, ValueError):
        return None
