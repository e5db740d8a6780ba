"""The job of every library: an order with two entities, and a page view."""

from __future__ import annotations

from typing import Any

from benches.data.documents import SCHEMA, document

__all__ = ["JOB", "ORDER", "PAGE", "PAGE_VIEW", "USER_ID"]

ORDER, PAGE_VIEW = "order", "page view"
USER_ID = "u-1234"
PAGE = {
    "url": "https://www.example.com/shop/shoes?id=77",
    "title": "Blue shoes",
    "referrer": "https://www.example.com/",
}
_data, _entities = document("order", 2)
# Everything that a program in another language needs, as JSON.
JOB: dict[str, Any] = {
    "page": PAGE,
    "user_id": USER_ID,
    "schema": SCHEMA,
    "order": _data,
    "entities": [{"schema": schema, "data": data} for schema, data in _entities],
}
