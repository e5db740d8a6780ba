"""What type checkers are to find: each line here is an error to both of them.

Where one stops being an error, its comment is unused, and that is an error of its own.
"""

from __future__ import annotations

from typing import Any

from snowplow_tracker import (
    AsyncEmitter,
    CeleryEmitter,
    Emitter,
    EmitterConfiguration,
    Event,
    PageView,
    RedisEmitter,
    RedisWorker,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    StructuredEvent,
    Subject,
    Tracker,
)
from snowplow_tracker import Traker as Misspelt  # type: ignore[attr-defined]
from snowplow_tracker.emitters import Emiter as MisspeltToo  # type: ignore[attr-defined]
from snowplow_tracker.tracker import Traker as MisspeltThere  # type: ignore[attr-defined]


class NoEmitter:
    def send(self, payload: dict[str, Any]) -> None: ...


class NoStore:
    def add_event(self, payload: dict[str, Any]) -> bool:
        return bool(payload)


class SendsOther(Emitter):
    def send_events(self, evts: str) -> None: ...  # type: ignore[override]


class BuildsOther(Event):
    def build_payload(self) -> None: ...  # type: ignore[override]


def constructors_of_a_tracker(emitter: Emitter, subject: Subject) -> None:
    Tracker()  # type: ignore[call-overload]
    Tracker("ns")  # type: ignore[arg-type]
    Tracker(subject)  # type: ignore[call-overload]
    Tracker("ns", subject)  # type: ignore[arg-type]
    Tracker("ns", [NoEmitter()])  # type: ignore[list-item]
    Tracker(emitter, "ns")  # type: ignore[call-overload]
    Tracker("ns", emitter, "app")  # type: ignore[call-overload]
    Tracker(emitter, subject, "ns", "app", "no")  # type: ignore[call-overload]
    Tracker(emitter, emitters=emitter)  # type: ignore[call-overload]
    Tracker("ns", emitter, base64=True)  # type: ignore[call-overload]
    Tracker("ns", emitter, json_encoder=1)  # type: ignore[call-overload]


def emitters() -> None:
    Emitter()  # type: ignore[call-arg]
    Emitter("host", "ftp")  # type: ignore[arg-type]
    Emitter("host", method="put")  # type: ignore[arg-type]
    Emitter("host", port="80")  # type: ignore[arg-type]
    Emitter("host", on_success=print_number)  # type: ignore[arg-type]
    Emitter("host", on_failure=print_number)  # type: ignore[arg-type]
    Emitter("host", event_store=NoStore())  # type: ignore[arg-type]
    AsyncEmitter("host", thread_count="2")  # type: ignore[arg-type]
    CeleryEmitter("host", on_success=None)  # type: ignore[call-arg]
    RedisEmitter(rdb="localhost")  # type: ignore[arg-type]
    RedisWorker()  # type: ignore[call-arg]
    RedisWorker(NoEmitter())  # type: ignore[arg-type]
    EmitterConfiguration(batch_size="1")  # type: ignore[arg-type]
    Snowplow.create_tracker("ns")  # type: ignore[call-arg]


def print_number(number: int) -> None: ...


def events(context: SelfDescribingJson) -> None:
    PageView()  # type: ignore[call-arg]
    PageView(page_url=None)  # type: ignore[arg-type]
    PageView("https://example.com", context=context)  # type: ignore[arg-type]
    PageView("https://example.com", context=[{"schema": "iglu:"}])  # type: ignore[list-item]
    StructuredEvent("shop")  # type: ignore[call-arg]
    StructuredEvent("shop", "add", value="9.99")  # type: ignore[arg-type]
    ScreenView("id")  # type: ignore[call-arg]
    SelfDescribing({"schema": "iglu:"})  # type: ignore[arg-type]
    SelfDescribingJson("iglu:")  # type: ignore[call-arg]
    SelfDescribingJson("iglu:", "data")  # type: ignore[arg-type]


def calls(tracker: Tracker, subject: Subject, json: SelfDescribingJson) -> None:
    tracker.track(json)  # type: ignore[arg-type]
    tracker.track("shop")  # type: ignore[arg-type]
    tracker.add_emitter(NoEmitter())  # type: ignore[arg-type]
    tracker.set_subject("ada")  # type: ignore[arg-type]
    tracker.track_page_view()  # type: ignore[call-arg]
    tracker.track_form_change("form", "id", "DIV", "value")  # type: ignore[arg-type]
    tracker.track_struct_event("shop", "add", context=json)  # type: ignore[arg-type]
    tracker.flsh()  # type: ignore[attr-defined]
    subject.set_platform("toaster")  # type: ignore[arg-type]
    subject.set_user_id(1).set_lang(2)  # type: ignore[arg-type]


__all__ = ["Misspelt", "MisspeltThere", "MisspeltToo"]
