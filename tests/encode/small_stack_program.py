"""Encodes data of 255 or more levels on a thread with a stack of 128 KiB."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker import Emitter, SelfDescribing, SelfDescribingJson, Tracker, _native

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK_BYTES = 131_072
# Some interpreters need more stack than that to free what is nested deeply: the main thread does.
KEPT: list[Any] = []


class One(NamedTuple):
    inner: Any


class Unknown:
    def __init__(self, inner: Any) -> None:
        self.inner = inner


@dataclass
class Record:
    inner: Any


class Shown(dict[str, Any]):
    def items(self) -> Any:
        return list(super().items())


class Generated(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        yield from list.__iter__(self)


class Inbox:
    def input(self, payload: dict[str, Any]) -> None:
        """Take an event."""


SHAPES: dict[str, Any] = {
    "dict": lambda inner: {"a": inner},
    "list": lambda inner: [inner],
    "tuple": lambda inner: (inner,),
    "namedtuple": One,
    "OrderedDict": lambda inner: OrderedDict(a=inner),
    "encoder": Unknown,
    "dict-subclass": lambda inner: Shown(a=inner),
    "list-subclass": lambda inner: Generated([inner]),
    "dataclass": Record,
}


def encode(unknown: Any) -> Any:
    return unknown.inner


def nested(levels: int, shapes: list[Any]) -> Any:
    value: Any = float("nan")
    for level in range(levels):
        value = shapes[level % len(shapes)](value)
    KEPT.append(value)
    return value


def write(levels: int, shapes: list[Any]) -> None:
    """Write it by `dumps`, and by `track` on both ways out."""
    encoder = None if Unknown not in shapes else encode
    _native.dumps(nested(levels, shapes), encoder)
    data = SelfDescribingJson("iglu:com.acme/a/jsonschema/1-0-0", nested(levels, shapes))
    emitter = Emitter("127.0.0.1:9", batch_size=100, exit_timeout=0)
    for way in (emitter, Inbox()):
        tracker: Any = Tracker("ns", [way], json_encoder=encoder)
        tracker.track(SelfDescribing(data, context=[data]))
    emitter.event_store.cleanup(emitter.event_store.get_events_batch(), need_retry=False)


def complaint(levels: int, shapes: list[Any]) -> str:
    try:
        write(levels, shapes)
    except ValueError as error:
        return str(error)
    return "none"


def work(shapes: list[Any], outcome: list[str]) -> None:
    write(255, shapes)
    outcome += [complaint(levels, shapes) for levels in (256, 2000)]


def main() -> int:
    name = sys.argv[1]
    shapes = list(SHAPES.values()) if name == "mixed" else [SHAPES[name]]
    outcome: list[str] = []
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=work, args=(shapes, outcome))
    thread.start()
    thread.join()
    return 0 if len(outcome) == 2 and all("deeper than 255" in text for text in outcome) else 1


if __name__ == "__main__":
    sys.exit(main())
