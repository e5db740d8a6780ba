"""Tracks four days of flights from New York City with an `AsyncEmitter`."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.progress import Progress
from snowplow_tracker import (
    AsyncEmitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Subject,
    Tracker,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snowplow_tracker import Event

__all__ = ["Record", "Replay", "discrepancies", "events", "records", "replay"]

DATA = Path(__file__).with_name("data") / "flights.jsonl.gz"
DEPARTED = "iglu:gov.transportation.bts/flight_departed/jsonschema/1-0-0"
CANCELLED = "iglu:gov.transportation.bts/flight_cancelled/jsonschema/1-0-0"
WEATHER = "iglu:gov.weather/airport_observation/jsonschema/1-0-0"
BATCH_SIZE = 100
SEND_SECONDS = 60.0

Record = dict[str, Any]


@dataclass(frozen=True)
class Replay:
    """The result of a replay.

    Attributes:
        event_ids: The ids that `track` returned, one for each event.
        seconds: The time from constructing the first event to the response to the last request.
        requests: How many requests the emitter sent.
        sent_bytes: The total size of their bodies.
    """

    event_ids: list[str | None]
    seconds: float
    requests: int
    sent_bytes: int


def records() -> list[Record]:
    """Return the data set in the order of scheduled departures."""
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def events(flights: list[Record]) -> Iterator[Event]:
    """Yield the events of the data set.

    A departure board lists the flights of one airport and hour. There is a page view for each board
    and a self-describing event for each flight on it.
    """
    boards = set()
    for record in flights:
        flight = record["flight"]
        board = f"{flight['origin']}/{flight['scheduledDeparture'][:13]}"
        if board not in boards:
            boards.add(board)
            yield _board_view(board, flight)
        yield _flight_event(record)


def _board_view(board: str, flight: Record) -> PageView:
    return PageView(
        f"https://departures.example/{board}",
        f"Departures from {flight['origin']}",
        true_timestamp=_milliseconds(flight["scheduledDeparture"]),
    )


def _flight_event(record: Record) -> SelfDescribing:
    flight = record["flight"]
    schema = DEPARTED if "departureDelayMinutes" in flight else CANCELLED
    return SelfDescribing(
        SelfDescribingJson(schema, flight),
        context=[SelfDescribingJson(WEATHER, record["weather"])],
        true_timestamp=_milliseconds(flight["scheduledDeparture"]),
    )


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def replay(collector_url: str, flights: list[Record]) -> Replay:
    """Track all events and wait up to 60 seconds for the responses.

    Args:
        collector_url: Where to send the events.
        flights: The data set.
    """
    emitter = AsyncEmitter(collector_url, batch_size=BATCH_SIZE)
    subject = Subject().set_platform("srv")
    tracker = Tracker(namespace="flights", emitters=emitter, subject=subject, app_id="demo")
    started = time.perf_counter()
    event_ids = [tracker.track(event) for event in events(flights)]
    emitter.flush()
    _wait_for_responses(emitter, len(event_ids))
    seconds = time.perf_counter() - started
    stats = emitter.stats()
    emitter.close()
    return Replay(event_ids, seconds, stats["requests"], stats["bytes"])


def _wait_for_responses(emitter: AsyncEmitter, total: int) -> None:
    progress = Progress("  completed  ", total)
    deadline = time.monotonic() + SEND_SECONDS
    while (completed := _completed(emitter)) < total and time.monotonic() < deadline:
        progress.show(completed)
        time.sleep(0.005)
    progress.show(completed, last=True)


def _completed(emitter: AsyncEmitter) -> int:
    stats = emitter.stats()
    completed: int = stats["sent"] + stats["rejected"] + stats["dropped"]
    return completed


def discrepancies(
    event_ids: Sequence[str | None], good: list[Record], bad: list[Record]
) -> list[str]:
    """Return one line of text for each event that did not arrive exactly once and valid.

    Args:
        event_ids: The ids of the tracked events.
        good: The collector's good events.
        bad: The collector's bad events.
    """
    arrived = Counter(row["rawEvent"]["parameters"]["eid"] for row in good)
    tracked = set(event_ids)
    return [
        *(f"missing: {eid}" for eid in event_ids if eid not in arrived),
        *(f"arrived {count} times: {eid}" for eid, count in arrived.items() if count > 1),
        *(f"arrived but not tracked: {eid}" for eid in arrived if eid not in tracked),
        *(f"bad: {row['errors']}" for row in bad),
    ]
