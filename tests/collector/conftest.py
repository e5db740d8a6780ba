"""Requests and events for the local collector."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from snowplow_tracker.collector.rows import CollectorPayload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snowplow_tracker.collector import CollectorServer
    from snowplow_tracker.testing import Snowplow

IGLU = "iglu:com.snowplowanalytics.snowplow"

PAGE_VIEW = {
    "e": "pv",
    "p": "web",
    "tv": "py-rs-1.2.0",
    "eid": "5f0c2b3e-3d0b-4d64-9c1e-6f2f4b1f9a10",
    "dtm": "1790000000000",
    "url": "https://example.com/",
}


@pytest.fixture
def collector(snowplow: Snowplow, snowplow_collector: CollectorServer) -> CollectorServer:
    """A collector without events, which may receive bad ones."""
    snowplow.allow_bad()
    return snowplow_collector


@pytest.fixture(scope="session")
def event() -> Callable[..., dict[str, Any]]:
    """Makes a good page view with fields changed, or left out where None."""

    def make(**changes: Any) -> dict[str, Any]:
        fields = {**PAGE_VIEW, **changes}
        return {key: value for key, value in fields.items() if value is not None}

    return make


@pytest.fixture(scope="session")
def batch() -> Callable[..., bytes]:
    """Makes the body of a POST."""

    def make(*events: Any) -> bytes:
        return json.dumps(
            {"schema": f"{IGLU}/payload_data/jsonschema/1-0-4", "data": list(events)}
        ).encode()

    return make


@pytest.fixture(scope="session")
def unstruct() -> Callable[..., str]:
    """Makes the text of `ue_pr`."""

    def make(schema: str = "iglu:com.acme/thing/jsonschema/1-0-0", data: Any = None) -> str:
        inner = {"schema": schema, "data": data or {"id": 1}}
        return json.dumps({"schema": f"{IGLU}/unstruct_event/jsonschema/1-0-0", "data": inner})

    return make


@pytest.fixture(scope="session")
def contexts() -> Callable[..., str]:
    """Makes the text of `co`."""

    def make(*schemas: str) -> str:
        data = [{"schema": schema, "data": {}} for schema in schemas]
        return json.dumps({"schema": f"{IGLU}/contexts/jsonschema/1-0-1", "data": data})

    return make


@pytest.fixture(scope="session")
def b64() -> Callable[[str], str]:
    return lambda text: base64.urlsafe_b64encode(text.encode()).decode()


@pytest.fixture
def payload() -> CollectorPayload:
    return CollectorPayload(
        version="tp2",
        querystring=(),
        content_type="application/json; charset=utf-8",
        body="",
        timestamp=1_790_000_000_500,
        hostname="127.0.0.1",
        ip_address="127.0.0.1",
        useragent="test",
        referer=None,
        headers=(),
        user_id="6d6f4b3e-3d0b-4d64-9c1e-6f2f4b1f9a10",
    )


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def post(collector: CollectorServer, session: requests.Session) -> Callable[..., requests.Response]:
    """Posts a body to the tracking endpoint."""

    def send(body: bytes, content_type: str = "application/json; charset=utf-8") -> Any:
        url = f"{collector.url}/com.snowplowanalytics.snowplow/tp2"
        return session.post(url, data=body, headers={"Content-Type": content_type}, timeout=10)

    return send
