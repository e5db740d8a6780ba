"""What the collector remembers: a request, and a row for each event of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from sys import getsizeof
from typing import Any

from snowplow_tracker.collector.protocol import VENDOR

__all__ = ["COLLECTOR_NAME", "EARLIEST", "LATEST", "CollectorPayload", "Row", "iso_time"]

COLLECTOR_NAME = "snowplow_tracker.collector"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
EARLIEST = (datetime.min.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(milliseconds=1)
LATEST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(milliseconds=1)


def iso_time(milliseconds: int) -> str:
    """ISO 8601 text in UTC of milliseconds since 1970, from `EARLIEST` to `LATEST`."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, eq=False)
class CollectorPayload:
    """One HTTP request that brought events.

    Attributes:
        version: `tp2` for POST, `tp1` for GET.
        querystring: Names and values of the query.
        content_type: As the request gave it.
        body: Beginning of the body as text; None for GET.
        timestamp: Arrival, in milliseconds since 1970.
        user_id: Network user id: of the `sp` cookie, or a new one.
    """

    version: str
    querystring: tuple[tuple[str, str], ...]
    content_type: str | None
    body: str | None
    timestamp: int
    hostname: str
    ip_address: str
    useragent: str | None
    referer: str | None
    headers: tuple[str, ...]
    user_id: str

    def to_json(self) -> dict[str, Any]:
        """Snowplow Micro's `collectorPayload`."""
        return {
            "api": self._api(),
            "querystring": [{"name": name, "value": value} for name, value in self.querystring],
            "contentType": self.content_type,
            "body": self.body,
            **self._origin(),
        }

    def raw_event(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Snowplow Micro's `rawEvent` for one event of this request."""
        return {
            "api": self._api(),
            "parameters": parameters,
            "contentType": self.content_type,
            **self._origin(),
        }

    def _api(self) -> dict[str, str]:
        return {"vendor": VENDOR, "version": self.version}

    def _origin(self) -> dict[str, Any]:
        return {
            "source": {"name": COLLECTOR_NAME, "encoding": "UTF-8", "hostname": self.hostname},
            "context": {
                "timestamp": iso_time(self.timestamp),
                "ipAddress": self.ip_address,
                "useragent": self.useragent,
                "refererUri": self.referer,
                "headers": list(self.headers),
                "userId": self.user_id,
            },
        }

    def size(self) -> int:
        """Bytes of memory, about."""
        query = sum(len(name) + len(value) + 170 for name, value in self.querystring)
        return 1_000 + query + getsizeof(self.body) + sum(map(getsizeof, self.headers))


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One event and the verdict on it, or one request of which no event could be read.

    Attributes:
        parameters: The event's fields as sent; None if it is no JSON object.
        schema: Of the self-describing data, as a schema URI.
        contexts: Schema URIs of the contexts.
        errors: Why the event is bad; empty for a good one.
    """

    payload: CollectorPayload
    parameters: dict[str, Any] | None = None
    schema: str | None = None
    contexts: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def size(self) -> int:
        """Bytes of memory, about, without the request."""
        fields = self.parameters or {}
        texts = (*self.contexts, *self.errors)
        return (
            (500 + getsizeof(fields) + sum(map(len, fields)))
            + sum(map(_value_size, fields.values()))
            + sum(map(getsizeof, texts))
        )


def _value_size(value: object) -> int:
    # A value that is no text, in a bad event, takes up to 32 bytes for each character of its JSON.
    return getsizeof(value) if isinstance(value, str) else 32 * len(json.dumps(value))
