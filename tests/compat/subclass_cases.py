"""Real work for a subclass of each public class; every case checks what comes of it.

A case is called with `own`, which makes a subclass of a class, and a folder for its files. It
returns an instance of each subclass, after its work.
"""

from __future__ import annotations

import json
import logging
import threading
import types
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from tests.support import Inbox

from snowplow_tracker import (
    AsyncEmitter,
    CeleryEmitter,
    Emitter,
    EmitterConfiguration,
    Event,
    InMemoryEventStore,
    PagePing,
    PageView,
    Payload,
    RedisEmitter,
    RedisWorker,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    SQLiteEventStore,
    StructuredEvent,
    Subject,
    Tracker,
    TrackerConfiguration,
)
from snowplow_tracker.collector import CollectorServer, Journal
from snowplow_tracker.emitters import FlushTimer, Requester

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Own = Callable[[type], Any]
    Case = Callable[[Own, Path], list[Any]]

ENDPOINT = "collector.example"
SCHEMA = "iglu:com.acme/sale/jsonschema/1-0-0"


class Session:
    """A session whose responses have given statuses in turn, then 200, and what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.labels: list[list[str]] = []

    def post(self, _url: str, *, data: str | bytes, **_request: Any) -> Any:
        return self._respond([event["se_la"] for event in json.loads(data)["data"]])

    def get(self, _url: str, *, params: dict[str, str], **_request: Any) -> Any:
        return self._respond([params["se_la"]])

    def _respond(self, labels: list[str]) -> Any:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.labels.append(labels)
        return types.SimpleNamespace(status_code=status, headers={})


class RedisList:
    """A client of Redis with one list; `on_empty` is called when nothing is left."""

    def __init__(self, on_empty: Callable[[], None] = lambda: None) -> None:
        self.entries: list[str] = []
        self.on_empty = on_empty

    def rpush(self, _key: str, entry: str) -> None:
        self.entries.append(entry)

    def lpop(self, _key: str) -> str | None:
        if self.entries:
            return self.entries.pop(0)
        self.on_empty()
        return None


def track(emitter: Any, *labels: str) -> None:
    tracker = Tracker("ns", emitter)
    for label in labels:
        tracker.track(StructuredEvent("shop", "add", label))


def check_deliveries(make: Callable[..., Any]) -> list[Any]:
    """Check an emitter on each path: records and dicts, POST and GET, a failure, the end."""
    emitters = []
    for settings in ({}, {"byte_limit": 10**6}, {"method": "get"}):
        session = Session(503)
        sent: list[dict[str, Any]] = []
        emitter = make(
            ENDPOINT,
            session=session,
            max_retry_delay_seconds=0.01,
            on_success=sent.extend,
            **{"batch_size": 2, **settings},
        )
        track(emitter, "a", "b", "c")
        emitter.sync_flush()
        track(emitter, "d")
        emitter.set_flush_timer(60)
        emitter.close(10)
        labels = [label for request in session.labels for label in request]
        assert sorted(labels) == ["a", "b", "c", "d"]
        assert sorted(event["se_la"] for event in sent) == sorted(labels)
        assert emitter.stats()["sent"] == 4
        emitters.append(emitter)
    return emitters


def emitter(own: Own, _folder: Path) -> list[Any]:
    return check_deliveries(own(Emitter))


def async_emitter(own: Own, _folder: Path) -> list[Any]:
    kind = own(AsyncEmitter)
    return check_deliveries(lambda *args, **kwargs: kind(*args, thread_count=2, **kwargs))


def check_store(store: Any, make_emitter: Callable[..., Any] = Emitter) -> list[Any]:
    """Check what an emitter asks of a store, first directly and then by an emitter."""
    assert store.add_event({"e": "pv", "eid": "1"})
    assert store.add_event({"e": "pv", "eid": "2"})
    taken = store.get_events_batch()
    assert [event["eid"] for event in taken] == ["1", "2"]
    store.cleanup(taken, True)
    assert store.size() == 2
    store.cleanup(store.get_events_batch(), False)
    assert store.size() == 0
    session = Session()
    sender = make_emitter(ENDPOINT, batch_size=2, event_store=store, session=session)
    track(sender, "a", "b", "c")
    sender.close(10)
    assert [label for labels in session.labels for label in labels] == ["a", "b", "c"]
    assert store.size() == 0
    return [store]


def in_memory_event_store(own: Own, _folder: Path) -> list[Any]:
    kind = own(InMemoryEventStore)
    store = kind(logging.getLogger("test"), 2)
    assert store.event_buffer == []
    assert [store.add_event({"eid": str(number)}) for number in range(3)] == [True, True, False]
    return [store, *check_store(kind(logging.getLogger("test")))]


def sqlite_event_store(own: Own, folder: Path) -> list[Any]:
    return check_store(own(SQLiteEventStore)(folder / "events"))


def tracker(own: Own, _folder: Path) -> list[Any]:
    inbox, session = Inbox(), Session()
    sender = Emitter(ENDPOINT, batch_size=1, session=session)
    tracker = own(Tracker)("ns", inbox, Subject().set_user_id("ada"))
    tracker.track(PageView("https://a.b/"))
    with pytest.deprecated_call():
        tracker.track_struct_event("shop", "add", "old")
    tracker.add_emitter(sender).track(StructuredEvent("shop", "add", "both"))
    tracker.flush().close()
    assert [event["e"] for event in inbox.events] == ["pv", "se", "se"]
    assert {event["uid"] for event in inbox.events} == {"ada"}
    assert session.labels == [["both"]]
    return [tracker]


def subject(own: Own, _folder: Path) -> list[Any]:
    inbox = Inbox()
    subject = own(Subject)().set_platform("web").set_user_id("ada").set_viewport(800, 600)
    Tracker("ns", inbox, subject).track(PageView("https://a.b/"))
    Tracker("ns", inbox).track(PageView("https://a.b/", event_subject=subject))
    for event in inbox.events:
        assert (event["p"], event["uid"], event["vp"]) == ("web", "ada", "800x600")
    return [subject]


def events(own: Own, _folder: Path) -> list[Any]:
    data = SelfDescribingJson(SCHEMA, {"price": 3})
    events = [
        own(PageView)("https://a.b/", page_title="A page"),
        own(PagePing)("https://a.b/", max_x=7),
        own(StructuredEvent)("shop", "add", "label"),
        own(SelfDescribing)(data),
        own(ScreenView)("id", name="A screen"),
        own(Event)(context=[data]),
    ]
    inbox = Inbox()
    sender: Any = Emitter(ENDPOINT, batch_size=1)
    sender.http_post = Mock(return_value=200)
    for event in events:
        Tracker("ns", [inbox, sender]).track(event)
    kinds = ["pv", "pp", "se", "ue", "ue"]
    assert [event.get("e") for event in inbox.events] == [*kinds, None]
    bodies = [json.loads(call.args[0]) for call in sender.http_post.call_args_list]
    assert [body["data"][0].get("e") for body in bodies] == [*kinds, None]
    assert (inbox.events[0]["page"], inbox.events[2]["se_la"]) == ("A page", "label")
    return events


def self_describing_json(own: Own, _folder: Path) -> list[Any]:
    data = own(SelfDescribingJson)(SCHEMA, {"price": 3})
    assert data.to_json() == {"schema": SCHEMA, "data": {"price": 3}}
    assert json.loads(data.to_string()) == data.to_json()
    inbox = Inbox()
    tracker = Tracker("ns", inbox, encode_base64=False)
    tracker.track(SelfDescribing(data, context=[data]))
    [event] = inbox.events
    assert json.loads(event["ue_pr"])["data"] == data.to_json()
    assert json.loads(event["co"])["data"] == [data.to_json()]
    return [data]


def payload(own: Own, _folder: Path) -> list[Any]:
    payload = own(Payload)({"e": "pv"})
    payload.add("url", "https://a.b/")
    payload.add_dict({"page": "A page"})
    payload.add_json({"a": 1}, False, "cx", "co")
    assert payload.get() == {"e": "pv", "url": "https://a.b/", "page": "A page", "co": '{"a":1}'}
    inbox = Inbox()
    tracker: Any = Tracker("ns", inbox)
    tracker.track(pb=payload)
    assert inbox.events[0]["page"] == "A page"
    return [payload]


def redis_emitter_and_worker(own: Own, _folder: Path) -> list[Any]:
    client: Any = RedisList()
    emitter, inbox = own(RedisEmitter)(client), Inbox()
    track(emitter, "a", "b")
    emitter.flush()
    worker = own(RedisWorker)(inbox, client)
    client.on_empty = worker.request_shutdown
    worker.run()
    assert [event["se_la"] for event in inbox.events] == ["a", "b"]
    return [emitter, worker]


def celery_emitter(own: Own, _folder: Path) -> list[Any]:
    with CollectorServer() as server:
        emitter = own(CeleryEmitter)(server.url, batch_size=2)
        emitter.celery_app.conf.task_always_eager = True
        track(emitter, "a", "b", "c")
        emitter.flush()
        assert server.journal.wait_for(3)["good"] == 3
        emitter.close()
    return [emitter]


def configurations(own: Own, _folder: Path) -> list[Any]:
    session: Any = Session()
    emission = own(EmitterConfiguration)(batch_size=2, session=session)
    emission.byte_limit = 10**6
    encoding = own(TrackerConfiguration)(encode_base64=False, json_encoder=str)
    kind = own(Snowplow)
    try:
        tracker = kind.create_tracker(
            "private names", ENDPOINT, emitter_config=emission, tracker_config=encoding
        )
        assert kind.get_tracker("private names") is tracker
        assert tracker.emitters[0].byte_limit == 10**6
        assert (tracker.encode_base64, tracker.json_encoder) == (False, str)
        for label in "ab":
            tracker.track(StructuredEvent("shop", "add", label))
        assert session.labels == [["a", "b"]]
        kind.remove_tracker(tracker)
        assert kind.get_tracker("private names") is None
    finally:
        kind.reset()
    return [emission, encoding, kind()]


def requester(own: Own, _folder: Path) -> list[Any]:
    session, emitter = Session(), Emitter(ENDPOINT, batch_size=1)
    emitter.request_method = own(Requester)(session.post, session.get)
    track(emitter, "a")
    assert session.labels == [["a"]]
    return [emitter.request_method]


def flush_timer(own: Own, _folder: Path) -> list[Any]:
    flushed = threading.Event()
    emitter: Any = types.SimpleNamespace(flush=flushed.set)
    timer = own(FlushTimer)(emitter, repeating=False)
    assert timer.start(0.01)
    assert flushed.wait(10)
    timer.start(60)
    assert timer.is_active()
    timer.cancel()
    assert not timer.is_active()
    return [timer]


def collector_server(own: Own, _folder: Path) -> list[Any]:
    journal = own(Journal)()
    with own(CollectorServer)(journal=journal) as server:
        track(Emitter(server.url, batch_size=2), "a", "b")
        assert journal.wait_for(2) == {"total": 2, "good": 2, "bad": 0}
        assert len(journal.good(event_type="struct")) == 2
        assert server.reset()["total"] == 0
    return [journal, server]


CASES: list[Case] = [
    emitter,
    async_emitter,
    in_memory_event_store,
    sqlite_event_store,
    tracker,
    subject,
    events,
    self_describing_json,
    payload,
    redis_emitter_and_worker,
    celery_emitter,
    configurations,
    requester,
    flush_timer,
    collector_server,
]
