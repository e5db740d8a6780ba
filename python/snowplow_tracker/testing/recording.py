"""`RecordingEmitter`: the events of a tracker, without HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from snowplow_tracker._native import clean_fields
from snowplow_tracker.collector.checks import judge
from snowplow_tracker.collector.journal import Journal
from snowplow_tracker.collector.rows import CollectorPayload
from snowplow_tracker.collector.schemas import open_schemas
from snowplow_tracker.testing.assertions import Snowplow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowplow_tracker.collector.schemas import SchemaSource
    from snowplow_tracker.iglu import Resolver
    from snowplow_tracker.typing import PayloadDict

__all__ = ["RecordingEmitter"]


class RecordingEmitter(Snowplow):
    """An emitter that sends nothing. Each event runs through the checks of the local collector.

    Give it to a tracker, and assert what was tracked::

        recorder = RecordingEmitter()
        Tracker("shop", recorder).track(StructuredEvent("cart", "add"))
        recorder.assert_tracked("struct", fields={"se_action": "add"})

    Args:
        schemas: Folders with schemas, or a `Resolver`, to validate self-describing data with, as
            for `CollectorServer`. Default: the standard schemas.
        unknown_schemas: Whether data is "good" or "bad" if its schema is not found. Default: "bad"
            if `schemas` are given, else "good".
    """

    def __init__(
        self,
        schemas: SchemaSource | Sequence[SchemaSource] | Resolver | None = None,
        unknown_schemas: str | None = None,
    ) -> None:
        self.__journal = Journal()
        self.__schemas = open_schemas(schemas, unknown_schemas)
        super().__init__(self.__journal)

    def input(self, payload: PayloadDict) -> None:
        """Accept one event, a dict of protocol fields."""
        now = time.time_ns() // 1_000_000
        fields = clean_fields(payload, True)
        fields["stm"] = str(now)
        self.__journal.add(judge(_request(now), fields, self.__schemas))

    def flush(self) -> None:
        """Do nothing: an event is recorded when it is tracked."""

    def sync_flush(self) -> None:
        """Do nothing: an event is recorded when it is tracked."""

    def async_flush(self) -> None:
        """Do nothing: an event is recorded when it is tracked."""

    def close(self, timeout: float | None = None) -> bool:
        """Return True: no event waits to be sent. Events are accepted afterwards, too."""
        del timeout
        return True


def _request(now: int) -> CollectorPayload:
    """Return the request in which an `Emitter` of this process would send an event."""
    return CollectorPayload(
        version="tp2",
        querystring=(),
        content_type="application/json; charset=utf-8",
        body=None,
        timestamp=now,
        hostname="localhost",
        ip_address="127.0.0.1",
        useragent=None,
        referer=None,
        headers=(),
        user_id="00000000-0000-0000-0000-000000000000",
    )
