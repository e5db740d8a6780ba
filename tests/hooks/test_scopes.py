"""`use_scope`: events get the user and the entities of the current scope."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.hooks.conftest import OwnTracker, Sink, entity

from snowplow_tracker import PageView, Payload, Snowplow, Subject, Tracker, TrackerConfiguration
from snowplow_tracker._scope import CURRENT, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker import SelfDescribingJson

PAGE = PageView("https://shop.example")


@contextmanager
def scope(*entities: SelfDescribingJson, **fields: str) -> Iterator[Scope]:
    subject = Subject()
    subject.standard_nv_pairs = dict(fields)
    token = CURRENT.set(Scope(subject, entities, parent=CURRENT.get()))
    try:
        yield CURRENT.get()  # type: ignore[misc]
    finally:
        CURRENT.reset(token)


@pytest.fixture(params=["native", "own", "hooks"])
def tracker(request: pytest.FixtureRequest, sink: Sink) -> Tracker:
    kind = OwnTracker if request.param == "own" else Tracker
    tracker = kind("ns", sink.emitter, use_scope=True)
    if request.param == "hooks":
        tracker.add_plugin(type("Plugin", (), {"before_track": lambda *_: None})())
    return tracker


def test_precedence(tracker, sink):
    tracker.subject = Subject().set_user_id("tracker").set_lang("tracker").set_ip_address("tracker")
    own = PageView("https://shop.example", event_subject=Subject().set_user_id("event"))
    with scope(uid="outer", lang="outer", ua="outer"), scope(uid="inner", lang="inner"):
        tracker.track(own)
        tracker.track(PAGE)
    tracker.track(PAGE)
    sent = [[event.get(name) for name in ("uid", "lang", "ua", "ip")] for event in sink.events]
    assert sent == [
        ["event", "inner", "outer", "tracker"],
        ["inner", "inner", "outer", "tracker"],
        ["tracker", "tracker", None, "tracker"],
    ]
    assert tracker.subject.standard_nv_pairs["lang"] == "tracker"


def test_a_scope_without_fields_changes_none(tracker, sink):
    tracker.subject = Subject().set_user_id("tracker")
    with scope(entity("a")):
        tracker.track(PAGE)
    assert (sink.last()["uid"], sink.last()["p"], sink.entities()) == ("tracker", "pc", ["a"])


def test_a_tracker_without_a_subject_has_that_of_the_scope(tracker, sink):
    tracker.set_subject(None)
    with scope(uid="user"):
        tracker.track(PAGE)
    assert sink.last()["uid"] == "user"


def test_entities_come_between_the_events_own_and_global_ones(tracker, sink):
    shared, own = entity("shared"), entity("own")
    tracker.add_global_contexts([shared, entity("global")])
    with scope(entity("outer"), shared), scope(entity("inner"), own):
        tracker.track(PageView("https://shop.example", context=[own]))
    assert sink.entities() == ["own", "outer", "shared", "inner", "global"]


def test_fields_that_are_not_in_the_protocol(tracker, sink):
    with scope(uid="user", mine="1"):
        tracker.track(PAGE)
        tracker.track(PAGE)
    assert [(event["uid"], event["mine"]) for event in sink.events] == [("user", "1")] * 2


def test_a_payload_of_version_0x_gets_what_it_lacks(sink):
    tracker: Any = Tracker("ns", sink.emitter, use_scope=True)
    payload = Payload({"e": "ad", "uid": "own"})
    with scope(entity("a"), uid="user", lang="de"):
        assert tracker.track(payload) is tracker
    assert (sink.last()["uid"], sink.last()["lang"]) == ("own", "de")
    assert sink.entities() == ["a"]
    assert payload.get() == {"e": "ad", "uid": "own"}


def test_other_trackers_do_not_look(sink, monkeypatch):
    monkeypatch.setattr(Scope, "merged_fields", lambda _: pytest.fail("looked at the scope"))
    with scope(entity("a"), uid="user"):
        Tracker("ns", sink.emitter).track(PAGE)
    assert "uid" not in sink.last()
    assert "entities" not in sink.last()


def test_configurations_take_use_scope(sink):
    try:
        config = TrackerConfiguration(use_scope=True)
        tracker = Snowplow.create_tracker("scopes", "127.0.0.1:9", tracker_config=config)
        tracker.emitters = [sink.emitter]
        with scope(uid="user"):
            tracker.track(PAGE)
    finally:
        Snowplow.reset()
    assert sink.last()["uid"] == "user"


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copies_use_scopes_too(copied):
    sink = Sink("dict")
    tracker = copied(Tracker("ns", Sink("dict").inbox, use_scope=True))
    tracker.emitters = [sink.inbox]
    with scope(uid="user"):
        tracker.track(PAGE)
    assert sink.last()["uid"] == "user"


def test_an_exception_of_a_scope_reaches_the_caller(tracker, sink):
    with scope() as current:
        current.defer_field("uid", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tracker.track(PAGE)
    assert sink.events == []


def user_and_entities(event: dict[str, Any]) -> tuple[str, list[str]]:
    return event["uid"], [each["data"]["user"] for each in event["entities"]]


def test_threads_with_nested_scopes_keep_apart():
    """64 threads: no event carries another thread's user or entity."""
    sink = Sink("dict")
    tracker = Tracker("ns", sink.inbox, use_scope=True)
    start = threading.Barrier(64)

    def work(number: int) -> None:
        start.wait(60)
        for index in range(20):
            outer, inner = f"{number}", f"{number}-{index}"
            with scope(entity("e", user=outer), uid=outer):
                tracker.track(PageView(f"https://{outer}.example"))
                with scope(entity("e", user=inner), uid=inner):
                    tracker.track(PageView(f"https://{inner}.example"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.inbox.events) == 64 * 20 * 2
    for event in sink.events:
        user = event["url"].removeprefix("https://").removesuffix(".example")
        expected = [user.split("-")[0], user] if "-" in user else [user]
        assert user_and_entities(event) == (user, expected)


def test_tasks_with_nested_scopes_keep_apart():
    """10,000 tasks of one thread that yield inside their scopes."""
    sink = Sink("dict")
    tracker = Tracker("ns", sink.inbox, use_scope=True)

    async def work(number: int) -> None:
        user = str(number)
        with scope(entity("e", user=user), uid=user):
            await asyncio.sleep(0)
            with scope(entity("e", user="inner"), lang=user):
                await asyncio.sleep(0)
                tracker.track(PageView(f"https://{user}.example"))

    async def run() -> None:
        await asyncio.gather(*(work(number) for number in range(10_000)))

    asyncio.run(run())
    assert len(sink.inbox.events) == 10_000
    for event in sink.events:
        user = event["url"].removeprefix("https://").removesuffix(".example")
        assert (event["lang"], user_and_entities(event)) == (user, (user, [user, "inner"]))


def test_a_record_without_a_scope_is_that_of_an_ordinary_tracker(monkeypatch):
    monkeypatch.setattr("snowplow_tracker.tracker.time.time", lambda: 1_700_000_000.0)
    given: Any = {"event_id": "0f5e8c2a-91d4-4b7e-a3c6-5d2f1b7a9e04"}
    events = [PageView("https://shop.example", context=[entity("own")], **given)]
    events += [PageView("https://shop.example", event_subject=Subject().set_lang("de"), **given)]
    bodies = []
    for use_scope in (False, True):
        kept: list[Any] = []
        sink = Sink("record")
        sink.emitter.http_post = lambda body, kept=kept: kept.append(body) or 200
        tracker = Tracker("ns", sink.emitter, use_scope=use_scope)
        for event in events:
            tracker.track(event)
        bodies.append(kept)
    assert len(bodies[0]) == len(events)
    assert bodies[0] == bodies[1]
