"""What every program of a scenario does: track, record each id, deliver, report."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qa.torture.programs.limits  # noqa: F401 - ends this process in time

import snowplow_tracker
from snowplow_tracker import (
    Event,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
)

if TYPE_CHECKING:
    from snowplow_tracker import Emitter

__all__ = ["Client", "make_emitter", "track_each", "worker_client"]

_EVENTS: list[Event] = [
    PageView("https://shop.example.com/lamps?colour=red", "Lamps"),
    StructuredEvent("shop", "add", "Stehlampe für 20 €", "lamp", 20.5),
    SelfDescribing(
        SelfDescribingJson(
            "iglu:com.example/purchase/jsonschema/1-0-0",
            {"lines": [{"sku": f"lamp-{n}", "quantity": n, "note": "x" * 20} for n in range(8)]},
        )
    ),
]


def make_emitter(plan: dict[str, Any]) -> Emitter:
    """Return the emitter that a plan asks for.

    Args:
        plan: `url` and `name`; `kind`, a class of emitters; `settings` of it; `store`, the path of
            an SQLiteEventStore, and `store_settings`.
    """
    settings = dict(plan.get("settings", {}))
    if plan.get("store"):
        store = snowplow_tracker.SQLiteEventStore(plan["store"], **plan.get("store_settings", {}))
        settings["event_store"] = store
    kind = getattr(snowplow_tracker, plan.get("kind", "AsyncEmitter"))
    emitter: Emitter = kind(f"{plan['url']}/{plan['name']}", **settings)
    return emitter


def track_each(tracker: Tracker, ledger: int, count: int, pause: float) -> None:
    """Track, and write down each id as soon as it is returned; pause after each twenty.

    Args:
        ledger: The descriptor of a file.
    """
    for number in range(count):
        event_id = tracker.track(_EVENTS[number % len(_EVENTS)])
        os.write(ledger, f"{event_id}\n".encode())
        if pause and number % 20 == 0:
            time.sleep(pause)


def worker_client() -> tuple[Client, dict[str, Any]]:
    """Return the client of a server's worker, and its plan, which is in TORTURE_PLAN.

    Workers that may be killed have a durable store. Each has a name of its own then.
    """
    plan = json.loads(os.environ["TORTURE_PLAN"])
    if plan.get("store"):
        plan["name"] = f"worker-{os.getpid()}"
    return Client(plan), plan


class Client:
    """A tracker, and the ledger of what it tracked.

    Args:
        plan: As for `make_emitter`; `folder`, where the ledger and the reports are.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        folder = Path(plan["folder"])
        self._ledger = os.open(folder / "tracked", flags, 0o666)
        self._reports = os.open(folder / "reports", flags, 0o666)
        self.emitter = make_emitter(plan)
        self.tracker = Tracker(plan["name"], self.emitter)

    def track(self, count: int, pause: float = 0.0) -> None:
        """Track, and write down each id as soon as it is returned; pause after each twenty."""
        track_each(self.tracker, self._ledger, count, pause)

    def track_unwritten(self, count: int) -> None:
        """Track, and write down nothing."""
        for number in range(count):
            self.tracker.track(_EVENTS[number % len(_EVENTS)])

    def track_in_threads(self, threads: int, count: int, pause: float = 0.0) -> None:
        """Track so many in each thread, and wait for them."""
        crowd = self.start_threads(threads, count, pause)
        for thread in crowd:
            thread.join()

    def start_threads(self, threads: int, count: int, pause: float = 0.0) -> list[threading.Thread]:
        """Track so many in each thread, and do not wait."""
        crowd = [
            threading.Thread(target=self.track, args=(count, pause), daemon=True)
            for _ in range(threads)
        ]
        for thread in crowd:
            thread.start()
        return crowd

    def drain(self) -> None:
        """Return when nothing is stored or on its way any more."""
        while True:
            stats = self.emitter.stats()
            if not stats["queued"] + stats["in_flight"]:
                return
            self.tracker.flush()
            time.sleep(0.01)

    def report(self, **more: Any) -> None:
        """Write down what became of the events by the emitter's own account."""
        line = {"name": self._plan["name"], "stats": self.emitter.stats(), **more}
        os.write(self._reports, f"{json.dumps(line)}\n".encode())
