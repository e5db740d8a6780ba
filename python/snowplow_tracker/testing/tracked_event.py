"""`TrackedEvent`: one event as a collector received it, for the assertions of a test."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import EVENT_TYPES
from snowplow_tracker._terminal import escape_unprintable
from snowplow_tracker.collector.decode import TrackedEvent as DecodedEvent
from snowplow_tracker.collector.decode import tracked_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["SUBJECT_FIELDS", "TrackedEvent"]

SUBJECT_FIELDS = frozenset(
    ("p", "uid", "duid", "nuid", "tnuid", "sid", "vid", "ip", "ua", "lang", "tz", "res", "vp", "cd")
)
"""The protocol fields that a `Subject` sets."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class TrackedEvent:
    """An event that a collector received.

    Args:
        payload: The protocol fields as they were sent.
        errors: Why the event is bad. Empty for a good event.
        failures: The same as failure entities of Snowplow, as far as schemas say so.
        enrich: Returns the columns of the enriched event. None for a bad event.

    Attributes:
        payload: The protocol fields as they were sent, all of them texts.
        errors: Why the event is bad, a text for each fault. Empty for a good event.
        failures: Failure entities of the faults that validation against schemas found.
        type: "page_view", "page_ping", "struct", "unstruct", "transaction" or "transaction_item";
            "unknown" for an event without a valid type.
    """

    def __init__(
        self,
        payload: Mapping[str, Any],
        errors: Sequence[str] = (),
        failures: Sequence[Mapping[str, Any]] = (),
        enrich: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self.payload = dict(payload)
        self.errors = tuple(errors)
        self.failures = tuple(failures)
        self.__enrich = enrich
        kind = EVENT_TYPES.get(str(self.payload.get("e")))
        self.type = kind.name if kind else "unknown"

    @cached_property
    def __decoded(self) -> DecodedEvent:
        fields = self.payload.items()
        return tracked_event({key: value for key, value in fields if isinstance(value, str)})

    @property
    def schema(self) -> str | None:
        """Schema URI of the self-describing data. None for the other types."""
        envelope = self.__decoded.unstruct_event
        return envelope["data"]["schema"] if envelope else None

    @property
    def data(self) -> Any:
        """The self-describing data. None for the other types, and if it cannot be decoded."""
        envelope = self.__decoded.unstruct_event
        return envelope["data"]["data"] if envelope else None

    @property
    def entities(self) -> list[tuple[str, Any]]:
        """Schema URI and data of each entity (context), in their order."""
        envelope = self.__decoded.contexts
        return [(each["schema"], each["data"]) for each in envelope["data"]] if envelope else []

    @property
    def is_good(self) -> bool:
        """Whether the event has no errors."""
        return not self.errors

    @property
    def name(self) -> str:
        """The name in the schema of a self-describing event, such as "signup"; else the type."""
        parts = (self.schema or "").split("/")
        return parts[1] if len(parts) > 1 else self.type

    @property
    def id(self) -> str | None:
        """The event id. None for a bad event without one."""
        return self.payload.get("eid")

    @property
    def created(self) -> datetime | None:
        """When the event was created, in UTC. None if `dtm` is missing or is no time."""
        try:
            return _EPOCH + timedelta(milliseconds=int(self.payload["dtm"]))
        except (KeyError, ValueError, TypeError, OverflowError):
            return None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The columns of the enriched event, such as `app_id` or `se_value`, without empty ones.

        A bad event has none.
        """
        columns = self.__enrich() if self.__enrich and self.is_good else {}
        return {name: value for name, value in columns.items() if value is not None}

    @property
    def subject_fields(self) -> dict[str, str]:
        """The protocol fields that a `Subject` sets."""
        return {key: value for key, value in self.payload.items() if key in SUBJECT_FIELDS}

    def entity(self, name: str) -> Any:
        """Return the data of the first entity with a schema.

        Args:
            name: A schema, in any of the forms that `Snowplow.assert_tracked` takes.

        Raises:
            LookupError: There is none. The text names the entities that there are.
        """
        from snowplow_tracker.testing.schemas import matches_schema  # noqa: PLC0415 - a rare call

        for schema, data in self.entities:
            if matches_schema(name, schema):
                return data
        names = ", ".join(schema for schema, _ in self.entities) or "no entities"
        raise LookupError(f"no entity {name!r}: the event has {names}")

    def __eq__(self, other: object) -> bool:
        """Whether another one was sent with the same fields."""
        return isinstance(other, TrackedEvent) and self.payload == other.payload

    def __hash__(self) -> int:
        return hash(str(self.id))

    def __repr__(self) -> str:
        return f"<TrackedEvent {self.summary()} eid={self.id}>"

    def summary(self) -> str:
        """Return the title, and "(bad)" for a bad event."""
        return self.title() + ("" if self.is_good else " (bad)")

    def title(self) -> str:
        """Return a short text that names the event, such as "signup 1-0-0", "struct cart/add"."""
        fields = self.payload
        words = [self.name]
        if self.schema:
            words.append(self.schema.rpartition("/")[2])
        elif self.type == "struct":
            words.append(f"{fields.get('se_ca')}/{fields.get('se_ac')}")
        elif self.type in ("transaction", "transaction_item"):
            words.append(str(fields.get("ti_sk") or fields.get("tr_id")))
        elif "url" in fields:
            words.append(str(fields["url"]))
        return escape_unprintable(" ".join(words))
