"""A target that delivers to a collector: this package, or snowplow-tracker 1.x."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

from benches.data.documents import SCHEMA, document
from benches.targets.serve import serve, wall_and_cpu_seconds
from snowplow_tracker import AsyncEmitter, Emitter, PageView, SelfDescribingJson, Subject, Tracker

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
EMITTERS: dict[str, Any] = {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}
# Emitters that are kept alive: one that is garbage-collected would try to send its events.
_unsent: list[Any] = []


def page_views(count: int) -> list[PageView]:
    """Return page views of about 1.2 kB each in a request body."""
    order, parts = document("order", 2)
    contexts = [SelfDescribingJson(schema, data) for schema, data in [(SCHEMA, order), *parts]]
    return [
        PageView(
            page_url=f"https://www.example.com/shop/shoes?id={number}",
            page_title="Blue shoes",
            referrer="https://www.example.com/",
            context=contexts,
        )
        for number in range(count)
    ]


def make_tracker(emitter: Any) -> Tracker:
    subject = Subject().set_user_id("u-1234").set_lang("de-DE").set_useragent(USER_AGENT)
    return Tracker(namespace="bench", emitters=emitter, app_id="shop", subject=subject)


def deliver(kind: str, batch_size: int | None, url: str, events: int) -> dict[str, float]:
    """Track events and wait until the collector has acknowledged all of them.

    Args:
        kind: `Emitter` or `AsyncEmitter`.
        batch_size: Of the emitter; None for its default.
        url: Of a collector that responds.
        events: How many events to track.

    Returns:
        The seconds from the first `track()` to the last response, as wall and as CPU time.
    """
    made = page_views(events)
    tracker = make_tracker(EMITTERS[kind](url, protocol="http", batch_size=batch_size))

    def work() -> None:
        track = tracker.track
        for event in made:
            track(event)
        tracker.flush()

    wall, cpu = wall_and_cpu_seconds(work)
    return {"wall": wall, "cpu": cpu}


def latency(url: str, responds: bool, events: int) -> dict[str, float]:
    """Measure single calls of `track()` while the emitter's thread sends, or waits for a response.

    Args:
        url: Of a collector.
        responds: True if it ever responds; the call then returns after the last response.
        events: How many events to track.

    Returns:
        The median and the highest percentiles of a call's duration, in seconds.
    """
    made, spent = page_views(events), []
    emitter = AsyncEmitter(url, protocol="http")
    _unsent.append(emitter)
    tracker = make_tracker(emitter)

    def work() -> None:
        track, clock = tracker.track, time.perf_counter
        for event in made:
            started = clock()
            track(event)
            spent.append(clock() - started)

    wall_and_cpu_seconds(work)
    if responds:
        tracker.flush()
    spent.sort()
    shares = {"p50": 2, "p99.9": 1000, "p99.99": 10_000}
    return {name: spent[events - max(1, events // share)] for name, share in shares.items()}


def send_raw(url: str, body_bytes: int, requests: int) -> float:
    """Return the seconds that requests take without an HTTP library: the collector's own share."""
    address = urlsplit(url)
    head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {body_bytes}\r\n\r\n"
    request = head.encode() + bytes(body_bytes)
    with socket.create_connection((address.hostname, address.port or 80)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def work() -> None:
            for _ in range(requests):
                connection.sendall(request)
                connection.recv(65_536)

        return wall_and_cpu_seconds(work)[0]


if __name__ == "__main__":
    serve({"deliver": deliver, "latency": latency, "send_raw": send_raw})
