"""Whole documents for the JSON writers: real data from packages, and generated data."""

from __future__ import annotations

import gzip
import importlib
import json
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.data.documents import SCHEMA, document
from benches.runner import PEERS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NUMBERS", "SMALL", "TEXT", "Corpus", "corpora"]

SMALL, TEXT, NUMBERS = "small", "text", "numbers"
WORDS = [
    *("the", "new", "shoes", "are", "here", "and", "they", "fit", "très", "bien", "naïve", "café"),
    *("\U0001f600", "straße", 'over "quoted"', "line\nbreak", "https://www.example.com/p?q=1&r=2"),
    *("#sale", "@shop", "50%", "off", "today", "only", "see", "you", "soon", "наконец", "靴"),
]


@dataclass(frozen=True)
class Corpus:
    """A document.

    Attributes:
        name: What the tables call it, with its origin in parentheses.
        kind: SMALL, TEXT or NUMBERS.
        document: What to encode.
    """

    name: str
    kind: str
    document: Any


def corpora() -> Iterator[Corpus]:
    """Yield the documents. Reads `airportsdata` and `emoji` from the folder `PEERS`."""
    sys.path.append(str(PEERS))
    airports = importlib.import_module("airportsdata").load("ICAO").values()
    order, parts = document("order", 2)
    yield Corpus("data of an event", SMALL, {"schema": SCHEMA, "data": order})
    contexts = [{"schema": schema, "data": data} for schema, data in parts]
    yield Corpus("two contexts", SMALL, contexts)
    yield Corpus("emoji names in 5 languages (emoji)", TEXT, emoji_names())
    yield Corpus("airports (airportsdata)", TEXT, [one for one in airports if one["iata"]])
    yield Corpus("flights (demo/data)", TEXT, flights())
    yield Corpus("posts (generated)", TEXT, posts())
    yield Corpus(
        "elevations, ints (airportsdata)", NUMBERS, [int(x["elevation"]) for x in airports]
    )
    yield Corpus("ids, 53-bit ints (generated)", NUMBERS, ids())
    yield Corpus("coordinates, floats (airportsdata)", NUMBERS, coordinates(airports))
    yield Corpus("17-digit floats (generated)", NUMBERS, floats())


def emoji_names() -> list[dict[str, Any]]:
    emoji = importlib.import_module("emoji")
    for language in ("ar", "de", "ja", "ru"):
        emoji.config.load_language(language)
    return [{"emoji": one, **names} for one, names in emoji.EMOJI_DATA.items()]


def flights() -> list[dict[str, Any]]:
    with gzip.open(ROOT / "demo" / "data" / "flights.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def posts() -> list[dict[str, Any]]:
    draw = random.Random(5)
    return [
        {
            "id": draw.getrandbits(53),
            "text": " ".join(draw.choices(WORDS, k=24)),
            "user": {"name": " ".join(draw.choices(WORDS, k=2)), "followers": draw.randrange(9999)},
            "tags": draw.choices(WORDS, k=3),
            "reply_to": None,
            "truncated": False,
        }
        for _ in range(2_000)
    ]


def coordinates(airports: Any) -> list[float]:
    return [degrees for one in airports for degrees in (one["lon"], one["lat"])]


def ids() -> list[int]:
    draw = random.Random(5)
    return [draw.getrandbits(53) for _ in range(30_000)]


def floats() -> list[float]:
    draw = random.Random(5)
    return [draw.uniform(-1000, 1000) for _ in range(30_000)]
