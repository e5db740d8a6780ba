"""Options of a write, which Spark passes as text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk.records import RecordEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SparkOptions"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_SECONDS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3_600}
_DEFAULT_GIVE_UP_AFTER = 600.0
_DEFAULT_MAX_DEAD = 1_000


def _text(value: str) -> str:
    if not value:
        raise ValueError("empty")
    return value


def _names(value: str) -> list[str]:
    return [_text(name.strip()) for name in value.split(",")]


def _pairs(value: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in value.split(",")]
    return {_text(name.strip()): _text(column.strip()) for name, _, column in pairs}


def _flag(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise ValueError("neither true nor false")
    return value.lower() == "true"


def _count(value: str) -> int:
    if int(value) < 0:
        raise ValueError("negative")
    return int(value)


def _positive(value: str) -> float:
    if not 0 < float(value) < float("inf"):
        raise ValueError("not above 0")
    return float(value)


def _duration(value: str) -> float:
    found = _DURATION.fullmatch(value.strip())
    if not found:
        raise ValueError("not a duration such as 30s, 10m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


def _entities(value: str) -> list[tuple[str, list[str]]]:
    items = json.loads(value)
    try:
        return [(item["schema"], list(item["columns"])) for item in items]
    except (KeyError, TypeError):
        raise ValueError('expected [{"schema": URI, "columns": [NAME, ...]}, ...]') from None


_ENCODER: dict[str, tuple[str, Callable[[str], Any]]] = {
    "appId": ("app_id", _text),
    "platform": ("platform", _text),
    "namespace": ("namespace", _text),
    "schema": ("schema", _text),
    "columns": ("columns", _names),
    "map": ("map", _pairs),
    "types": ("types", _pairs),
    "entities": ("entities", _entities),
    "keepNull": ("keep_null", _flag),
    "idFrom": ("id_from", _names),
    "timeFrom": ("time_from", _text),
    "timeFormat": ("time_format", _text),
    "userIdFrom": ("user_id_from", _text),
    "encodeBase64": ("encode_base64", _flag),
}
_SENDER: dict[str, tuple[str, Callable[[str], Any]]] = {
    "protocol": ("protocol", _text),
    "threads": ("threads", _count),
    "batchSize": ("batch_size", _count),
    "giveUpAfter": ("give_up_after", _duration),
}
_OTHER: dict[str, Callable[[str], Any]] = {
    "collector": _text,
    "rate": _positive,
    "parallelism": _positive,
    "maxDead": _count,
    "deadLetter": _text,
    "validate": _flag,
    "schemas": _text,
}
_NAMES = (*_OTHER, *_SENDER, *_ENCODER)
_BY_LOWER_CASE = {name.lower(): name for name in _NAMES}
_OF_SPARK = frozenset(("path", "checkpointlocation", "queryname"))
"""Options that Spark itself passes on."""


@dataclass(frozen=True)
class SparkOptions:
    """The options of a write, checked. It can be pickled.

    Attributes:
        collector: The collector: a host or URL.
        encoder: Parameters of the `RecordEncoder`.
        sender: Parameters of the `Sender`.
        max_dead: How many records of a partition may be dead before its task fails.
        dead_letter: A folder on storage that all executors share, or None.
        validate: Whether data is validated against its schema.
        schemas: A folder with schemas, or None.
    """

    collector: str
    encoder: dict[str, Any]
    sender: dict[str, Any]
    max_dead: int = _DEFAULT_MAX_DEAD
    dead_letter: str | None = None
    validate: bool = False
    schemas: str | None = None

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> SparkOptions:
        """Return options from their texts. Upper and lower case make no difference in names.

        Raises:
            ValueError: An option is unknown, wrong or missing.
        """
        given = _read(options)
        if "collector" not in given:
            raise ValueError("option 'collector' is missing")
        encoder = {name: given[key] for key, (name, _) in _ENCODER.items() if key in given}
        sender = {name: given[key] for key, (name, _) in _SENDER.items() if key in given}
        sender.setdefault("give_up_after", _DEFAULT_GIVE_UP_AFTER)
        if "rate" in given:
            if "parallelism" not in given:
                raise ValueError(
                    "option 'rate' is that of the whole job: add 'parallelism', the number of "
                    "partitions that are written at the same time"
                )
            sender["rate"] = given["rate"] / given["parallelism"]
        RecordEncoder(**encoder)  # A wrong schema or type should fail here, not in each task.
        return cls(
            given["collector"],
            encoder,
            sender,
            given.get("maxDead", _DEFAULT_MAX_DEAD),
            given.get("deadLetter"),
            given.get("validate", "schemas" in given),
            given.get("schemas"),
        )

    @property
    def has_ids(self) -> bool:
        """Whether the same row has the same event id in each run, as far as options say so."""
        return bool(self.encoder.get("id_from")) or "event_id" in self.encoder.get("map", {})


def _read(options: Mapping[str, Any]) -> dict[str, Any]:
    parsers = {
        **_OTHER,
        **{key: parse for key, (_, parse) in (*_SENDER.items(), *_ENCODER.items())},
    }
    given: dict[str, Any] = {}
    for name, value in options.items():
        if name.lower() in _OF_SPARK:
            continue
        known = _BY_LOWER_CASE.get(name.lower())
        if known is None:
            raise ValueError(f"unknown option {name!r} (known: {', '.join(sorted(_NAMES))})")
        try:
            given[known] = parsers[known](str(value))
        except ValueError as error:
            raise ValueError(f"option {known!r}: {value!r:.80}: {error}") from None
    return given
