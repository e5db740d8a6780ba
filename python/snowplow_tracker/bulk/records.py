"""`RecordEncoder`: from records of any form to payloads that an emitter accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from snowplow_tracker._native import (
    Event,
    LineEncoder,
    TrackerCore,
    build_payload,
    clean_fields,
)
from snowplow_tracker.bulk.described import Envelopes
from snowplow_tracker.bulk.enriched import EnrichedForm
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.flat import FlatForm
from snowplow_tracker.bulk.ids import derived_id, joined
from snowplow_tracker.bulk.parameters import (
    BAD_ROWS,
    is_exported,
    micro_payloads,
    payload_fields,
    recovered_payloads,
)
from snowplow_tracker.bulk.times import milliseconds
from snowplow_tracker.bulk.tracked import TrackedForm
from snowplow_tracker.bulk.values import field_text, looked_up
from snowplow_tracker.constants import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snowplow_tracker.subject import Subject

    _Form = Callable[[Mapping[str, Any]], dict[str, str]]

__all__ = ["Encoder", "RecordEncoder"]

_new_id = TrackerCore.get_uuid
_now = TrackerCore.get_timestamp
_MICRO_KEYS = frozenset(("rawEvent", "collectorPayload", "parameters"))
_MAX_FORMS = 1_000
_DEAD_LETTER_KEYS = frozenset(("source", "line", "reason", "record"))


class Encoder(Protocol):
    """Turns records into payloads, as a `RecordEncoder` does."""

    def encode_all(self, record: Any) -> list[dict[str, str]]:
        """Return the payloads of a record, whose values are text.

        Raises:
            RecordError: It cannot be an event.
        """
        ...


class RecordEncoder:
    """Converts records to complete payloads: dicts of protocol fields, all text.

    A record is an `Event`, or a mapping of one of these forms: a payload, a bad row, a row of
    Snowplow Micro, an enriched event, a self-describing event, or an event by its name. Dead
    letters are records too. If `schema` is given, mappings are flat rows.

    Args:
        app_id: The application id (`aid`) of events whose record has none.
        platform: Their platform (`p`). Default "srv".
        namespace: Their tracker namespace (`tna`). Payloads and enriched events keep their own.
        subject: Fields of events that have none of their own.
        schema: The schema of flat rows.
        columns: The columns of their data. Default None: all that are not used otherwise.
        map: Other names of columns. See `FlatForm`.
        types: Types of columns with text: "string", "integer", "number", "boolean" or "json".
        entities: Schemas of entities of flat rows, each with the names of its columns.
        keep_null: Whether null stays in the data of flat rows. Default False.
        id_from: Keys, columns or paths such as `data.order_id` whose values make the event id.
            The same values make the same id in each run.
        time_from: The one whose value is the true timestamp.
        time_format: Its unit or format. See `milliseconds`. Default None.
        user_id_from: The one whose value is the user id.
        column_schemas: Schemas of columns `contexts_...` of enriched events.
        keep_time: Whether enriched events keep their time. Default True.
        new_ids: Whether events get new ids even if they have one. Default False.
        encode_base64: Whether data is encoded in base64. Default True.

    Raises:
        ValueError: A schema, a type or a name is unknown.
    """

    def __init__(
        self,
        *,
        app_id: str | None = None,
        platform: str = "srv",
        namespace: str | None = None,
        subject: Subject | None = None,
        schema: str | None = None,
        columns: Sequence[str] | None = None,
        map: Mapping[str, str] | None = None,  # as the command line's option
        types: Mapping[str, str] | None = None,
        entities: Sequence[tuple[str, Sequence[str]]] = (),
        keep_null: bool = False,
        id_from: str | Sequence[str] | None = None,
        time_from: str | None = None,
        time_format: str | None = None,
        user_id_from: str | None = None,
        column_schemas: Mapping[str, str] | None = None,
        keep_time: bool = True,
        new_ids: bool = False,
        encode_base64: bool = True,
    ) -> None:
        self._encode_base64 = encode_base64
        self._id_from = (id_from,) if isinstance(id_from, str) else tuple(id_from or ())
        self._time_from = time_from
        self._time_format = time_format
        self._user_id_from = user_id_from
        self._new_ids = new_ids
        self._missing = {"tv": VERSION, "p": platform}
        subject_fields = clean_fields(subject.standard_nv_pairs, True) if subject else {}
        self._missing |= {"aid": app_id} if app_id else {}
        base = {**self._missing, **subject_fields}
        if namespace:
            base["tna"] = namespace
        self._base = base
        sources = [source for source in (time_from, user_id_from) if source]
        envelopes = Envelopes(encode_base64)
        self._tracked = TrackedForm(base, envelopes, (*self._id_from, *sources))
        self._enriched = EnrichedForm(column_schemas or {}, keep_time, envelopes)
        self._forms: dict[tuple[str, ...], _Form | None] = {}
        self._flat: FlatForm | None = None
        if schema:
            self._flat = FlatForm(
                schema,
                columns=columns,
                renamed=map or {},
                types=types or {},
                entities=entities,
                keep_null=keep_null,
                tracked=self._tracked,
                envelopes=envelopes,
            )

    def line_encoder(self) -> LineEncoder | None:
        """Return an encoder of usual lines of NDJSON, with the same results as `encode`.

        Returns:
            None with a setting that only this class has: flat rows, or a column or key for the id,
            the time or the user.
        """
        if self._flat or self._id_from or self._time_from or self._user_id_from:
            return None
        return LineEncoder(self._base, self._encode_base64, self._new_ids)

    def encode(self, record: Mapping[str, Any] | Event) -> dict[str, str]:
        """Return the payload of a record.

        Raises:
            RecordError: It cannot be an event, or is a bad row with several.
        """
        # An `isinstance` of an abstract class takes as long as a tenth of all.
        if type(record) is dict:
            if form := self._form(record):
                return self._completed(form(record), record)
        else:
            if isinstance(record, Event):
                return self._completed(self._event_fields(record), {})
            if not isinstance(record, Mapping):
                raise RecordError(f"expected an object, not {type(record).__name__}")
        if "reason" in record and record.keys() >= _DEAD_LETTER_KEYS:
            return self.encode(record["record"])
        return self._completed(self._fields(record), record)

    def encode_all(self, record: Mapping[str, Any] | Event) -> list[dict[str, str]]:
        """Return the payloads of a record. Only the bad row of a whole request has several.

        Raises:
            RecordError: It cannot be an event.
        """
        if type(record) is dict and (form := self._form(record)):
            return [self._completed(form(record), record)]
        if isinstance(record, Mapping) and record.keys() >= _DEAD_LETTER_KEYS:
            return self.encode_all(record["record"])
        if isinstance(record, Mapping) and not self._flat:
            payloads = _contained(record)
            if payloads is not None:
                return [self._completed(payload_fields(one), record) for one in payloads]
        return [self.encode(record)]

    def _form(self, record: dict[str, Any]) -> _Form | None:
        """Return what converts a record, if its keys alone say so. Most records have the same."""
        schema = record.get("schema")
        if type(schema) is str and schema.startswith(BAD_ROWS):
            return None
        keys = tuple(record)
        try:
            return self._forms[keys]
        except KeyError:
            if len(self._forms) >= _MAX_FORMS:
                self._forms.clear()
            form = self._forms[keys] = self._form_of(frozenset(keys))
            return form

    def _form_of(self, keys: frozenset[str]) -> _Form | None:
        """Return the form of records with these keys. None for those that have to be looked into.

        The order of the forms is that of `_fields`.
        """
        if self._flat and not keys >= _DEAD_LETTER_KEYS:
            return self._flat.fields
        if keys >= _DEAD_LETTER_KEYS or not _MICRO_KEYS.isdisjoint(keys):
            return None
        if "e" in keys and not keys.isdisjoint(("p", "tv", "eid")):
            return payload_fields
        if keys >= {"event_id", "collector_tstamp"}:
            return self._enriched.fields
        if "event" in keys:
            return self._tracked.event
        return self._tracked.described if keys >= {"schema", "data"} else None

    def _fields(self, record: Mapping[str, Any]) -> dict[str, str]:
        if self._flat:
            return self._flat.fields(record)
        if "e" in record and ("p" in record or "tv" in record or "eid" in record):
            return payload_fields(record)
        payloads = _contained(record)
        if payloads is not None:
            if len(payloads) > 1:
                raise RecordError(f"bad row: has {len(payloads)} events, expected one")
            return payload_fields(payloads[0])
        if "event_id" in record and "collector_tstamp" in record:
            return self._enriched.fields(record)
        if "schema" in record and "data" in record and "event" not in record:
            return self._tracked.described(record)
        if "event" in record:
            return self._tracked.event(record)
        keys = ", ".join(map(str, record)) or "none"
        raise RecordError(f"no form of record has these keys: {keys:.200}")

    def _event_fields(self, event: Event) -> dict[str, str]:
        payload = build_payload(event, self._encode_base64, None, None)
        return {**self._base, **clean_fields(payload.nv_pairs, True)}

    def _completed(self, fields: dict[str, str], record: Mapping[str, Any]) -> dict[str, str]:
        """Add what each event must have, and what settings take from the record."""
        if self._id_from:
            fields["eid"] = derived_id(self._id_text(record))
        elif self._new_ids or "eid" not in fields:
            fields["eid"] = _new_id()
        if self._time_from:
            time = looked_up(record, self._time_from)
            fields["ttm"] = str(milliseconds(self._time_from, time, self._time_format))
        if self._user_id_from:
            user = looked_up(record, self._user_id_from)
            fields["uid"] = field_text(self._user_id_from, user)
        if "dtm" not in fields:
            # The time of loading says nothing about the event.
            fields["dtm"] = fields.get("ttm") or str(_now())
        for field, value in self._missing.items():
            if field not in fields:
                fields[field] = value
        return fields

    def _id_text(self, record: Mapping[str, Any]) -> str:
        return joined([field_text(key, looked_up(record, key)) for key in self._id_from])


def _contained(record: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the payloads that a row of Micro or a bad row contains; None for other records."""
    schema = record.get("schema")
    if type(schema) is str and schema.startswith(BAD_ROWS):
        return recovered_payloads(record)
    if _MICRO_KEYS.isdisjoint(record):
        return None
    if "rawEvent" in record or "collectorPayload" in record or is_exported(record):
        return micro_payloads(record)
    return None
