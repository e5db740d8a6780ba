"""Records of the form "event", and self-describing ones with the same further keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.bulk.described import Envelopes, entities_of, event_of
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.ids import event_id
from snowplow_tracker.bulk.subjects import add_subject
from snowplow_tracker.bulk.times import milliseconds
from snowplow_tracker.bulk.values import field_text, unknown_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["COMMON_KEYS", "TrackedForm"]


class _Kind(NamedTuple):
    code: str
    fields: dict[str, str]
    required: tuple[str, ...]


_PAGE = {"page_url": "url", "page_title": "page", "referrer": "refr"}
_OFFSETS = {"min_x": "pp_mix", "max_x": "pp_max", "min_y": "pp_miy", "max_y": "pp_may"}
_STRUCT = {"category": "se_ca", "action": "se_ac", "label": "se_la", "property": "se_pr"}
_KINDS = {
    "page_view": _Kind("pv", _PAGE, ("page_url",)),
    "page_ping": _Kind("pp", {**_PAGE, **_OFFSETS}, ("page_url",)),
    "struct": _Kind("se", {**_STRUCT, "value": "se_va"}, ("category", "action")),
    "unstruct": _Kind("ue", {}, ("schema", "data")),
}
_DESCRIBED = ("schema", "data")
_NO_TIME = ("", None)


def _add_true_time(fields: dict[str, str], value: Any) -> None:
    if value not in _NO_TIME:
        fields["ttm"] = str(milliseconds("true_timestamp", value))


def _add_created_time(fields: dict[str, str], value: Any) -> None:
    if value not in _NO_TIME:
        fields["dtm"] = str(milliseconds("created_timestamp", value))


def _add_event_id(fields: dict[str, str], value: Any) -> None:
    if value is not None:
        fields["eid"] = event_id("event_id", value)


def _add_app_id(fields: dict[str, str], value: Any) -> None:
    if text := field_text("app_id", value):
        fields["aid"] = text


def _add_platform(fields: dict[str, str], value: Any) -> None:
    if text := field_text("platform", value):
        fields["p"] = text


_ADD: dict[str, Callable[[dict[str, str], Any], None]] = {
    "true_timestamp": _add_true_time,
    "created_timestamp": _add_created_time,
    "event_id": _add_event_id,
    "app_id": _add_app_id,
    "platform": _add_platform,
    "subject": add_subject,
}
COMMON_KEYS = frozenset((*_ADD, "entities", "contexts"))
"""Keys that a record may have whatever its event is."""


class TrackedForm:
    """Converts records that say what happened in the words of the tracker.

    Args:
        base: Fields that each event has, unless its record says otherwise.
        envelopes: Writes self-describing data.
        further: Keys that other settings read.
    """

    def __init__(
        self, base: dict[str, str], envelopes: Envelopes, further: Collection[str]
    ) -> None:
        self._base = base
        self._envelopes = envelopes
        self._further = frozenset(further)
        self._add: dict[str, Callable[[dict[str, str], Any], None]] = {
            **_ADD,
            "entities": partial(self._add_entities, "entities"),
            "contexts": partial(self._add_entities, "contexts"),
        }

    def begin(self, code: str) -> dict[str, str]:
        """Return the first fields of an event of the type `code`, a value of `e`."""
        return {**self._base, "e": code}

    def described(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of a record with the keys `schema` and `data`."""
        fields = self.begin("ue")
        known = self._add
        for key, value in record.items():
            if add := known.get(key):
                add(fields, value)
            elif key not in _DESCRIBED:
                self.add_common(fields, key, value, _DESCRIBED)
        self._envelopes.add_event(fields, *event_of(record["schema"], record["data"]))
        return fields

    def event(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of a record with the key `event`."""
        name = record["event"]
        kind = _KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise RecordError(f"event: {name!r:.80} is not one of {', '.join(_KINDS)}")
        for key in kind.required:
            value = record.get(key)
            if value is None or value == "":
                raise RecordError(f"{key}: missing, event {name!r} needs it")
        fields = self.begin(kind.code)
        for key, value in record.items():
            if field := kind.fields.get(key):
                if text := value if type(value) is str else field_text(key, value):
                    fields[field] = text
            elif add := self._add.get(key):
                add(fields, value)
            elif key != "event" and key not in kind.required:
                self.add_common(fields, key, value, ("event", *kind.required, *kind.fields))
        if kind.code == "ue":
            self._envelopes.add_event(fields, *event_of(record["schema"], record["data"]))
        return fields

    def add_common(
        self, fields: dict[str, str], key: str, value: Any, known: Collection[str]
    ) -> None:
        """Add what a key says that is not the event itself.

        Args:
            fields: The fields of the event.
            key: The key.
            value: Its value.
            known: Other keys that the record may have, for the message.

        Raises:
            RecordError: The key is unknown, or its value wrong.
        """
        if add := self._add.get(key):
            add(fields, value)
        elif key not in self._further:
            raise unknown_key(key, {*COMMON_KEYS, *known, *self._further})

    def _add_entities(self, key: str, fields: dict[str, str], value: Any) -> None:
        if value is not None:
            self._envelopes.add_entities(fields, entities_of(key, value))
