"""Four days of flights out of New York City, replayed through an AsyncEmitter."""

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

__all__ = ["Replay", "discrepancies", "events", "records", "replay"]

DATA = Path(__file__).with_name("data") / "flights.jsonl.gz"
DEPARTED = "iglu:gov.transportation.bts/flight_departed/jsonschema/1-0-0"
CANCELLED = "iglu:gov.transportation.bts/flight_cancelled/jsonschema/1-0-0"
WEATHER = "iglu:gov.weather/airport_observation/jsonschema/1-0-0"
BATCH_SIZE = 100
SEND_SECONDS = 60.0

Record = dict[str, Any]


@dataclass(frozen=True)
class Replay:
    """What was done.

    Attributes:
        event_ids: What `track` returned, one for each event.
        seconds: From the first event made to the last one answered.
        requests: That the emitter sent.
        sent_bytes: Of their bodies.
    """

    event_ids: list[str | None]
    seconds: float
    requests: int
    sent_bytes: int


def records() -> list[Record]:
    """The data set, in order of scheduled departure."""
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def events(flights: list[Record]) -> Iterator[Event]:
    """A self-describing event for each flight; before the first of an hour, a view of its board."""
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
    """Track all events, and wait until each has an answer or the time is over."""
    emitter = AsyncEmitter(collector_url, batch_size=BATCH_SIZE)
    subject = Subject().set_platform("srv")
    tracker = Tracker(namespace="flights", emitters=emitter, subject=subject, app_id="demo")
    started = time.perf_counter()
    event_ids = [tracker.track(event) for event in events(flights)]
    emitter.flush()
    _wait_for_answers(emitter, len(event_ids))
    seconds = time.perf_counter() - started
    stats = emitter.stats()
    emitter.close()
    return Replay(event_ids, seconds, stats["requests"], stats["bytes"])


def _wait_for_answers(emitter: AsyncEmitter, total: int) -> None:
    progress = Progress("  answered    ", total)
    deadline = time.monotonic() + SEND_SECONDS
    while (answered := _answered(emitter)) < total and time.monotonic() < deadline:
        progress.show(answered)
        time.sleep(0.005)
    progress.show(answered, last=True)


def _answered(emitter: AsyncEmitter) -> int:
    stats = emitter.stats()
    answered: int = stats["sent"] + stats["rejected"] + stats["dropped"]
    return answered


def discrepancies(
    event_ids: Sequence[str | None], good: list[Record], bad: list[Record]
) -> list[str]:
    """What keeps the collector's rows from being each tracked event once, and good."""
    arrived = Counter(row["rawEvent"]["parameters"]["eid"] for row in good)
    tracked = set(event_ids)
    return [
        *(f"missing: {eid}" for eid in event_ids if eid not in arrived),
        *(f"arrived {count} times: {eid}" for eid, count in arrived.items() if count > 1),
        *(f"arrived but not tracked: {eid}" for eid in arrived if eid not in tracked),
        *(f"bad: {row['errors']}" for row in bad),
    ]
