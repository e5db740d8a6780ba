"""A target that only calls a JSON library and a base64 library.

Its argument is `orjson`, `orjson-str` (the JSON is decoded to a str), `orjson-fast`
(base64 by the function that takes the two characters of the alphabet for URLs) or `json`.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
from importlib.metadata import version
from itertools import repeat
from typing import TYPE_CHECKING, Any

from benches.data.documents import CONTEXT_SCHEMA, EVENT_SCHEMA, SCHEMA, document
from benches.targets.serve import cpu_seconds, serve
from benches.targets.writing import writing_tasks

if TYPE_CHECKING:
    from collections.abc import Callable


def library(name: str) -> tuple[Callable[[Any], Any], Callable[..., bytes], dict[str, str]]:
    """Return a JSON encoder, a base64 encoder, and the versions of their packages."""
    if name == "json":
        encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
        return encoder.encode, lambda text: base64.urlsafe_b64encode(text.encode()), {}
    orjson, pybase64 = (importlib.import_module(one) for one in ("orjson", "pybase64"))
    versions = {one: version(one) for one in ("orjson", "pybase64")}
    if name == "orjson-fast":
        return orjson.dumps, pybase64.b64encode, versions
    if name == "orjson-str":
        return lambda value: orjson.dumps(value).decode(), pybase64.urlsafe_b64encode, versions
    return orjson.dumps, pybase64.urlsafe_b64encode, versions


dumps, b64encode, about = library(sys.argv[1])
# `urlsafe_b64encode` is written in Python: it takes no further arguments, and more time.
ALPHABET = (b"-_",) if sys.argv[1] == "orjson-fast" else ()


def envelopes(name: str, number: int) -> list[dict[str, Any]]:
    """Return the JSON documents of a self-describing event: its data, and its contexts if any."""
    data, parts = document(name, number)
    event = {"schema": EVENT_SCHEMA, "data": {"schema": SCHEMA, "data": data}}
    contexts = [{"schema": schema, "data": context} for schema, context in parts]
    return [event, {"schema": CONTEXT_SCHEMA, "data": contexts}] if contexts else [event]


def encode(name: str, number: int, events: int) -> float:
    """Return the CPU seconds of encoding one event's documents, which are built beforehand."""
    values = envelopes(name, number)

    def one() -> None:
        (only,) = values
        for _ in repeat(None, events):
            b64encode(dumps(only))

    def two() -> None:
        event, contexts = values
        for _ in repeat(None, events):
            b64encode(dumps(event))
            b64encode(dumps(contexts))

    def fast_one() -> None:
        (only,) = values
        for _ in repeat(None, events):
            b64encode(dumps(only), b"-_")

    def fast_two() -> None:
        event, contexts = values
        for _ in repeat(None, events):
            b64encode(dumps(event), b"-_")
            b64encode(dumps(contexts), b"-_")

    loops = (fast_one, fast_two) if ALPHABET else (one, two)
    return cpu_seconds(loops[len(values) - 1]) / events


def payload(name: str, number: int) -> dict[str, str]:
    """Return the encoded documents as fields of an event."""
    encoded = [b64encode(dumps(value), *ALPHABET).decode() for value in envelopes(name, number)]
    return dict(zip(("ue_px", "cx"), encoded, strict=False))


if __name__ == "__main__":
    serve(writing_tasks(dumps) | {"about": lambda: about, "encode": encode, "payload": payload})
