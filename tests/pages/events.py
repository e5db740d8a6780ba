"""Events for the page, as trackers send them."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import requests

IGLU = "iglu:com.snowplowanalytics.snowplow"
PRODUCT = {"schema": "iglu:com.acme/product/jsonschema/1-0-0", "data": {"sku": "A-1", "price": 1.0}}
USER = {"schema": "iglu:com.acme/user/jsonschema/2-0-1", "data": {"plan": "pro", "id": 10**19}}


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def page_view(**fields: Any) -> dict[str, Any]:
    return {
        "e": "pv",
        "p": "web",
        "tv": "test",
        "aid": "web",
        "eid": str(uuid.uuid4()),
        "url": "https://shop.example/cart",
        "page": "Cart",
        **fields,
    }


def described(
    data: Any, *entities: Any, schema: str = "iglu:com.acme/order/jsonschema/1-0-0", **fields: Any
) -> dict[str, Any]:
    own = {
        "schema": f"{IGLU}/unstruct_event/jsonschema/1-0-0",
        "data": {"schema": schema, "data": data},
    }
    event = {"e": "ue", "p": "srv", "tv": "test", "aid": "shop", "eid": str(uuid.uuid4())}
    if entities:
        contexts = {"schema": f"{IGLU}/contexts/jsonschema/1-0-1", "data": list(entities)}
        event["cx"] = encoded(contexts)
    return {**event, "ue_px": encoded(own), **fields}


def bad(**fields: Any) -> dict[str, Any]:
    return page_view(vid="first", **fields)


def send(collector: Any, *events: Any, headers: dict[str, str] | None = None) -> None:
    """Post events, a request for each 100 of them."""
    content_type = {"Content-Type": "application/json; charset=utf-8"}
    for start in range(0, len(events), 100):
        body = {
            "schema": f"{IGLU}/payload_data/jsonschema/1-0-4",
            "data": events[start : start + 100],
        }
        answer = requests.post(
            f"{collector.url}/com.snowplowanalytics.snowplow/tp2",
            data=json.dumps(body),
            headers={**content_type, **(headers or {})},
            timeout=30,
        )
        assert answer.status_code == 200
