"""The data of self-describing events, and their contexts."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

__all__ = [
    "CONTEXT_SCHEMA",
    "EVENT_SCHEMA",
    "ORDER",
    "SCHEMA",
    "Line",
    "Part",
    "document",
    "encode_line",
]

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
EVENT_SCHEMA = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0"
CONTEXT_SCHEMA = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1"
LINES = 50

Part = tuple[str, dict[str, Any]]

ORDER = {
    "sku": "A-7741",
    "price": 12.5,
    "quantity": 3,
    "name": "Blue shoes, size 44",
    "tags": ["shoes", "blue", "sale"],
    "delivery": {"express": True, "note": None, "street": "Karl-Marx-Straße 7"},
}
CONTEXTS: list[Part] = [
    ("iglu:com.acme/user/jsonschema/1-0-0", {"id": "u-1234", "plan": "pro", "age": 33}),
    (
        "iglu:com.acme/session/jsonschema/1-0-0",
        {"id": "s-99", "count": 5, "referrer": "https://www.example.com/path?q=1"},
    ),
]


class Line:
    """A line of an order: an object that JSON cannot represent."""

    def __init__(self, number: int) -> None:
        self.number = number

    def as_dict(self) -> dict[str, Any]:
        return {
            "line": self.number,
            "sku": f"A-{self.number}",
            "price": 12.5,
            "quantity": 3,
            "name": "Blue shoes",
        }


def encode_line(value: object) -> dict[str, Any]:
    """Encode a `Line` as a dict. The cases with lines use this function as their `json_encoder`."""
    if isinstance(value, Line):
        return value.as_dict()
    raise TypeError(f"not a Line: {value!r}")


def order_of_lines(percent: int) -> dict[str, Any]:
    """Return an order of 50 lines, `percent` % of which are objects, evenly distributed."""
    lines = [Line(number) for number in range(LINES)]
    return {
        "lines": [
            line
            if (line.number + 1) * percent // 100 > line.number * percent // 100
            else line.as_dict()
            for line in lines
        ]
    }


def order_of_bytes(size: int) -> dict[str, Any]:
    """Return data whose compact JSON has about `size` bytes; `size` must be at least 100."""
    line_bytes = len(json.dumps(Line(1000).as_dict(), separators=(",", ":"))) + 1
    count = max(1, round((size - len('{"lines":[]}')) / line_bytes))
    return {"lines": [Line(number % 9000 + 1000).as_dict() for number in range(count)]}


def document(name: str, number: int) -> tuple[dict[str, Any], list[Part]]:
    """Return the data of an event and its contexts, as new objects.

    Args:
        name: `lines`, `sized` or `order`.
        number: For `lines`, the percentage of lines that are objects; for `sized`, the size of the
            data in bytes; for `order`, the number of contexts, up to 2.
    """
    if name == "lines":
        return order_of_lines(number), []
    if name == "sized":
        return order_of_bytes(number), []
    return deepcopy(ORDER), deepcopy(CONTEXTS[:number])
