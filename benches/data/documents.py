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
    "SCRIPTS",
    "Line",
    "Part",
    "document",
    "encode_line",
]

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
EVENT_SCHEMA = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0"
CONTEXT_SCHEMA = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1"
LINES = 50

# Name to the first of the letters that its texts are made of. CPython keeps the characters of
# Latin-1 in a byte, and those of the others in two.
SCRIPTS = {"Latin-1": 0xE0, "Cyrillic": 0x430, "CJK": 0x4E00}
LETTERS, TEXTS, TEXT_LENGTH = 23, 10, 30

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


def nested_items(count: int) -> dict[str, Any]:
    """Return data with lists and dicts in each of its items, which take about 90 bytes of JSON."""
    return {
        "items": [
            {
                "sku": f"A-{number}",
                "price": 12.5,
                "size": {"eu": 44, "us": 10.5},
                "tags": ["shoes", "blue"],
                "is_gift": False,
            }
            for number in range(count)
        ]
    }


def texts(script: str, number: int) -> dict[str, str]:
    """Return ten texts of a script that differ from those of every other number.

    CPython keeps the UTF-8 of a str that was encoded once, so that only new ones cost their full
    time.
    """
    first = SCRIPTS[script]
    return {
        f"text{place}": "".join(
            chr(first + (number + place + letter) % LETTERS) for letter in range(TEXT_LENGTH)
        )
        for place in range(TEXTS)
    }


def document(name: str, number: int) -> tuple[dict[str, Any], list[Part]]:
    """Return the data of an event and its contexts, as new objects.

    Args:
        name: `lines`, `sized`, `text`, `nested`, `order`, or one of `SCRIPTS`.
        number: For `lines`, the percentage of lines that are objects; for `sized`, the size of the
            data in bytes; for `text`, that of the only text in it; for `nested`, the number of
            items; for `order`, the number of contexts, up to 2; for a script, any number.
    """
    if name in SCRIPTS:
        return texts(name, number), []
    if name == "text":
        return {"text": "All work and no play. " * (number // 22)}, []
    if name == "nested":
        return nested_items(number), []
    if name == "lines":
        return order_of_lines(number), []
    if name == "sized":
        return order_of_bytes(number), []
    return deepcopy(ORDER), deepcopy(CONTEXTS[:number])
