"""Encodes, buffers and sends with less memory than that takes.

    python memory_limit_program.py WAY KIB

KIB is the address space that is left when WAY begins. The exit status is 0 if it ends in a
MemoryError and the process goes on, and 3 if the memory was enough.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Tracker,
    _native,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
BYTES = 40 * 2**20
ENOUGH = 3


class Endless(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        while True:
            yield "x" * 100


EMITTER = Emitter(
    "127.0.0.1:9", protocol="http", exit_timeout=0, batch_size=10**9, buffer_capacity=10**9
)
TEXT_TRACKER = Tracker("ns", EMITTER, encode_base64=False)
BASE64_TRACKER = Tracker("ns", EMITTER)


def event(value: Any) -> SelfDescribing:
    return SelfDescribing(SelfDescribingJson(SCHEMA, {"value": value}))


def tracking(tracker: Tracker, value: Any) -> Callable[[], object]:
    described = event(value)
    return lambda: tracker.track(described)


def contexts() -> Callable[[], object]:
    context = [SelfDescribingJson(SCHEMA, {})] * (BYTES // 8)
    page = PageView("u", context=context)
    return lambda: BASE64_TRACKER.track(page)


def filling() -> Callable[[], object]:
    page = PageView("u" * 5_000)

    def fill() -> None:
        while True:
            TEXT_TRACKER.track(page)

    return fill


def joining() -> Callable[[], object]:
    record = b'{"e":"pv","url":"' + b"u" * BYTES + b'"}'
    batch = _native.RecordBatch.of([(record, 0)], 1)
    return lambda: batch.body(0)


def dumping(value: Any) -> Callable[[], object]:
    return lambda: _native.dumps(value)


def copying() -> Callable[[], object]:
    payload: Any = {"e": "pv", "url": "u" * BYTES}
    return lambda: _native.request_bodies([payload], 1_000_000)


WAYS: dict[str, Callable[[], Callable[[], object]]] = {
    "text": lambda: tracking(TEXT_TRACKER, "x" * BYTES),
    "base64": lambda: tracking(BASE64_TRACKER, "x" * BYTES),
    "escapes": lambda: dumping("\n" * BYTES),
    "surrogates": lambda: dumping("\ud800" * (BYTES // 4)),
    "list": lambda: dumping([1.5] * (BYTES // 4)),
    "endless_iterator": lambda: tracking(TEXT_TRACKER, Endless([1])),
    "items": lambda: tracking(TEXT_TRACKER, dict.fromkeys(range(BYTES // 32))),
    "contexts": contexts,
    "full_buffer": filling,
    "body": joining,
    "request_bodies": copying,
}


def main() -> None:
    work = WAYS[sys.argv[1]]()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    left = pages * resource.getpagesize() + int(sys.argv[2]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (left, unlimited[1]))
    try:
        work()
        status = ENOUGH
    except MemoryError:
        status = 0
    resource.setrlimit(resource.RLIMIT_AS, unlimited)
    stats = EMITTER.stats()
    if sys.argv[1] in {"text", "base64", "endless_iterator", "items", "contexts"} and status == 0:
        assert (stats["dropped"], stats["queued"]) == (1, 0), stats
    if sys.argv[1] == "full_buffer":
        assert stats["dropped"] == 1, stats
    EMITTER.event_store.cleanup(EMITTER.event_store.get_events_batch(), need_retry=False)
    TEXT_TRACKER.track(PageView("u"))
    assert EMITTER.stats()["queued"] == 1, EMITTER.stats()
    EMITTER.event_store.cleanup(EMITTER.event_store.get_events_batch(), need_retry=False)
    sys.exit(status)


if __name__ == "__main__":
    main()
