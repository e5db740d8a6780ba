"""The data that the collector keeps: each request, and a row for each of its events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from sys import getsizeof
from typing import Any, NamedTuple, Protocol

from snowplow_tracker._canonical_event import VENDOR

__all__ = [
    "COLLECTOR_NAME",
    "EARLIEST",
    "LATEST",
    "CollectorPayload",
    "Failure",
    "Row",
    "SchemaVerdict",
    "iso_time",
]

COLLECTOR_NAME = "snowplow_tracker.collector"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
EARLIEST = (datetime.min.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(milliseconds=1)
LATEST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(milliseconds=1)


def iso_time(milliseconds: int) -> str:
    """Return a time in milliseconds since 1970, from `EARLIEST` to `LATEST`, as ISO 8601 in UTC."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, eq=False)
class CollectorPayload:
    """An HTTP request with events.

    Attributes:
        version: The second segment of the path: `tp2` for POST; `tp1` for `/i`.
        querystring: Names and values of the query.
        content_type: The header of the request, or None.
        body: The beginning of the body as text; None for GET.
        timestamp: Time of arrival, in milliseconds since 1970.
        user_id: Network user id: that of the cookie `sp`, or a new one.
        vendor: The first segment of the path, after aliases.
        method: Such as `POST`.
        path: The path as requested, with its query.
        body_size: The size of the whole body in bytes.
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
    vendor: str = VENDOR
    method: str = "POST"
    path: str = ""
    body_size: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as `collectorPayload` of Snowplow Micro."""
        return {
            "api": _api(self),
            "querystring": [{"name": name, "value": value} for name, value in self.querystring],
            "contentType": self.content_type,
            "body": self.body,
            **_origin(self),
        }

    def raw_event(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return one event of this request as `rawEvent` of Snowplow Micro."""
        return {
            "api": _api(self),
            "parameters": parameters,
            "contentType": self.content_type,
            **_origin(self),
        }

    def size(self) -> int:
        """Return the approximate memory use in bytes."""
        query = sum(len(name) + len(value) + 170 for name, value in self.querystring)
        texts = (self.body, self.vendor, self.version, self.path, *self.headers)
        return 1_000 + query + sum(map(getsizeof, texts))


class Failure(Protocol):
    """Why self-describing data is not what its schema says."""

    @property
    def text(self) -> str:
        """One line for people."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return the data of a failure entity: `failure` 1-0-0 of Snowplow."""
        ...

    def to_violation(self) -> dict[str, Any]:
        """Return the entry of `data.failure.messages` in a bad row."""
        ...

    def size(self) -> int:
        """Return the approximate memory use in bytes."""
        ...


class SchemaVerdict(NamedTuple):
    """What schemas say about the self-describing data of an event.

    Attributes:
        failures: What is wrong.
        unknown: URIs of schemas that are not known, so that their data was not validated.
    """

    failures: tuple[Failure, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """An event and its errors, or a request from which no event could be read.

    Attributes:
        parameters: The event's fields as sent; None if it is not a JSON object.
        schema: Schema URI of the self-describing data.
        contexts: Schema URIs of the contexts.
        errors: Why the event is bad; empty for a good event. Has the texts of `failures` too.
        failures: What is wrong with the self-describing data by its schemas.
        unknown: URIs of the schemas that are not known, of a good event.
    """

    payload: CollectorPayload
    parameters: dict[str, Any] | None = None
    schema: str | None = None
    contexts: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    unknown: tuple[str, ...] = ()

    def size(self) -> int:
        """Return the approximate memory use in bytes, without the request."""
        fields = self.parameters or {}
        texts = (*self.contexts, *self.errors, *self.unknown)
        return (
            (500 + getsizeof(fields) + sum(map(len, fields)))
            + sum(map(_value_size, fields.values()))
            + sum(getsizeof(text) + 8 for text in texts)
            + sum(failure.size() for failure in self.failures)
        )


def _api(payload: CollectorPayload) -> dict[str, str]:
    return {"vendor": payload.vendor, "version": payload.version}


def _origin(payload: CollectorPayload) -> dict[str, Any]:
    return {
        "source": {"name": COLLECTOR_NAME, "encoding": "UTF-8", "hostname": payload.hostname},
        "context": {
            "timestamp": iso_time(payload.timestamp),
            "ipAddress": payload.ip_address,
            "useragent": payload.useragent,
            "refererUri": payload.referer,
            "headers": list(payload.headers),
            "userId": payload.user_id,
        },
    }


def _value_size(value: object) -> int:
    # In a bad event, a value other than text takes up to 32 bytes for each character of its JSON.
    return getsizeof(value) if isinstance(value, str) else 32 * len(json.dumps(value))
