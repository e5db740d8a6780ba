"""`Expectation`: the conditions by which a test selects events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from snowplow_tracker._canonical_event import EVENT_TYPES, PAYLOAD_DATA_KEYS
from snowplow_tracker._native import clean_fields
from snowplow_tracker.testing.matching import difference
from snowplow_tracker.testing.schemas import matches_schema, short_schema
from snowplow_tracker.testing.tracked_event import SUBJECT_FIELDS, TrackedEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker._native import Event, SelfDescribingJson

__all__ = ["Expectation", "Filters"]

# What differs between two tracks of the same event, and what a tracker and its subject add.
_ADDED_BY_TRACKING = SUBJECT_FIELDS | {"eid", "dtm", "stm", "tv", "tna", "aid"}
_SELF_DESCRIBING = ("ue_pr", "ue_px", "co", "cx")


class Filters(TypedDict, total=False):
    """The keyword arguments that select events: see `Snowplow.assert_tracked`."""

    schema: str | None
    data: Any
    entities: Iterable[Any] | Mapping[str, Any] | None
    fields: Mapping[str, Any] | None
    where: Callable[[TrackedEvent], object] | None
    exact: bool


class _Condition(NamedTuple):
    """One condition.

    Attributes:
        text: The condition, for people. Empty if the text of another condition names it, too.
        differs: Returns how an event fails the condition, or None if it fulfils it.
    """

    text: str
    differs: Callable[[TrackedEvent], str | None]


class Expectation:
    """What an event must be like. Without conditions, every event fulfils it.

    Args:
        event: Its type, such as "page_view" or "pv". Or an `Event`: the same type, fields, data and
            entities, whatever the tracker and its subject add.
        schema: Its schema: a name ("signup"), vendor and name ("com.acme/signup"), or an Iglu URI,
            whose version may contain `*`.
        data: A part of its self-describing data: see `difference`.
        entities: Entities that it has: schemas, `SelfDescribingJson`s, or mappings with "schema"
            and a part of "data". Or one mapping of schemas to parts of their data.
        fields: Columns of the enriched event ("app_id", "se_value") or protocol fields ("aid",
            "se_va") with their values.
        where: Returns whether an event is meant.
        exact: Whether `data` and the data of `entities` must have no other keys, and the event no
            other entities.

    Raises:
        ValueError: The type or a schema is none.
        TypeError: An argument has the wrong type.
    """

    def __init__(
        self,
        event: str | Event | None = None,
        *,
        schema: str | None = None,
        data: Any = None,
        entities: Iterable[Any] | Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
        where: Callable[[TrackedEvent], object] | None = None,
        exact: bool = False,
    ) -> None:
        self._conditions: list[_Condition] = []
        if isinstance(event, str):
            self._add_type(event)
        elif event is not None:
            self._conditions += _like(event)
        if schema is not None:
            self._add_schema(schema)
        if data is not None:
            self._add_data(data, exact=exact)
        if entities is not None:
            self._add_entities(list(_wanted_entities(entities)), exact=exact)
        if fields is not None:
            self._add_fields(fields)
        self._where = where

    def __str__(self) -> str:
        texts = [each.text for each in self._conditions if each.text]
        if self._where is not None:
            texts.append(f"where {_name(self._where)}")
        return ", ".join(texts) or "anything"

    def is_near(self, event: TrackedEvent) -> bool:
        """Return whether an event fulfils a part of the conditions.

        If there is only one, such as for the data, a part of that may be fulfilled. But a type is
        right or wrong as a whole.
        """
        count = len(self.differences(event))
        total = len(self._conditions) + (self._where is not None)
        if total > 1:
            return 0 < count < total
        return count > 0 and not str(self).startswith("type ")

    def fits(self, event: TrackedEvent) -> bool:
        """Return whether an event fulfils all conditions."""
        return not self.differences(event)

    def differences(self, event: TrackedEvent) -> list[str]:
        """Return how an event fails, a text for each condition that it does not fulfil.

        `where` is called last, and only for an event that fulfils all others.
        """
        texts = [text for each in self._conditions if (text := each.differs(event)) is not None]
        if not texts and self._where is not None and not self._where(event):
            texts.append(f"not where {_name(self._where)}")
        return texts

    def _add(self, text: str, differs: Callable[[TrackedEvent], str | None]) -> None:
        self._conditions.append(_Condition(text, differs))

    def _add_type(self, event: str) -> None:
        names = {short: kind.name for short, kind in EVENT_TYPES.items()}
        wanted = names.get(event, event)
        if wanted not in names.values():
            raise ValueError(f"event must be one of {', '.join(names.values())}: {event!r}")
        self._add(f"type {wanted}", lambda one: _differs("type", wanted, one.type))

    def _add_schema(self, schema: str) -> None:
        text = short_schema(schema)
        self._add(
            f"schema {text}",
            lambda one: (
                None
                if matches_schema(schema, one.schema)
                else f"schema: expected {text}, got {one.schema or 'none'}"
            ),
        )

    def _add_data(self, data: Any, *, exact: bool) -> None:
        text = f"data {data!r}{' exactly' if exact else ''}"
        self._add(text, lambda one: difference(data, one.data, "data", exact=exact))

    def _add_entities(self, wanted: list[tuple[str, Any]], *, exact: bool) -> None:
        for schema, data in wanted:
            text = f"entity {short_schema(schema)}" + ("" if data is ... else f" {data!r}")
            self._add(text, _entity_condition(schema, data, exact=exact))
        if exact:
            self._add(
                f"{len(wanted)} entities",
                lambda one: _differs("number of entities", len(wanted), len(one.entities)),
            )

    def _add_fields(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            self._add(f"field {name} {value!r}", _field_condition(name, value))


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", repr(function))


def _differs(what: str, expected: object, actual: object) -> str | None:
    return None if expected == actual else f"{what}: expected {expected}, got {actual}"


def _entity_condition(
    schema: str, data: Any, *, exact: bool
) -> Callable[[TrackedEvent], str | None]:
    place = f"entity {short_schema(schema)}"

    def differs(event: TrackedEvent) -> str | None:
        candidates = [found for uri, found in event.entities if matches_schema(schema, uri)]
        texts = [difference(data, found, place, exact=exact) for found in candidates]
        if not texts:
            names = ", ".join(uri.removeprefix("iglu:") for uri, _ in event.entities)
            return f"{place}: there is none; the event has {names or 'no entities'}"
        return None if None in texts else texts[0]

    return differs


def _field_condition(name: str, value: Any) -> Callable[[TrackedEvent], str | None]:
    def differs(event: TrackedEvent) -> str | None:
        if name in PAYLOAD_DATA_KEYS:
            actual = event.payload.get(name)
            # Protocol fields are sent as texts: a test may write 12.5 for "12.5".
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            found = _as_number(actual) if is_number else actual
        else:
            found = event.fields.get(name)
        return difference(value, found, name)

    return differs


def _as_number(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _wanted_entities(entities: Iterable[Any] | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the schema and the expected data of each entity; `...` if any data will do."""
    if isinstance(entities, str):
        raise TypeError("entities must be a list or a mapping of schemas to data")
    if isinstance(entities, Mapping) and "schema" not in entities:
        yield from entities.items()
        return
    if isinstance(entities, Mapping):
        raise TypeError("entities must be a list: put [ ] around a single entity")
    for entity in entities:
        if isinstance(entity, str):
            yield entity, ...
            continue
        described: SelfDescribingJson | Mapping[str, Any] = entity
        parts = described if isinstance(described, Mapping) else described.to_json()
        yield parts["schema"], parts.get("data", ...)


def _like(event: Event) -> list[_Condition]:
    """Return the conditions of an event that is tracked as another `Event` would be."""
    built = event.build_payload(encode_base64=False, json_encoder=None).get()
    wanted = TrackedEvent(clean_fields(built, True))
    fields = _own_fields(wanted)

    def type_differs(one: TrackedEvent) -> str | None:
        return _differs("type", wanted.type, one.type)

    def schema_differs(one: TrackedEvent) -> str | None:
        return _differs("schema", wanted.schema, one.schema)

    def data_differs(one: TrackedEvent) -> str | None:
        return difference(wanted.data, one.data, "data", exact=True)

    def fields_differ(one: TrackedEvent) -> str | None:
        return difference(fields, one.payload, "")

    def entities_differ(one: TrackedEvent) -> str | None:
        expected, found = [*map(list, wanted.entities)], [*map(list, one.entities)]
        return difference(expected, found, "entities", exact=True)

    described = f"like {wanted.summary()}" + (f" {wanted.data!r}" if wanted.schema else "")
    checks = (schema_differs, data_differs, fields_differ, entities_differ)
    return [_Condition(described, type_differs), *(_Condition("", check) for check in checks)]


def _own_fields(event: TrackedEvent) -> dict[str, str]:
    added = _ADDED_BY_TRACKING.union(_SELF_DESCRIBING)
    return {key: value for key, value in event.payload.items() if key not in added}
