"""Emitter methods that a subclass overrides, or that a program replaces while it runs."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
import requests

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

URL = "http://127.0.0.1:9"
FAR = 1000


def answering(answer: Any) -> Any:
    class Answering(Emitter):
        def http_post(self, data: Any) -> Any:
            self.posted = [*getattr(self, "posted", []), data]
            if isinstance(answer, BaseException):
                raise answer
            return answer

        def http_get(self, payload: Any) -> Any:
            return self.http_post(payload)

    return Answering


def response(status: int) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    return answer


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        *((200, "sent"), (True, "sent"), (response(201), "sent")),
        *((503, "queued"), (False, "queued"), (None, "queued"), (response(500), "queued")),
        *((-1, "queued"), (ValueError("mine"), "queued")),
        *((400, "rejected"), (response(403), "rejected")),
    ],
)
def test_an_overridden_request_may_answer_in_many_ways(track, method, answer, outcome):
    kind = answering(answer)
    emitter = kind(URL, method=method, batch_size=1, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), "a")
    assert emitter.stats()[outcome] == 1
    assert len(emitter.posted) == 1


def test_an_overridden_http_post_gets_the_body_as_text(track):
    emitter = answering(200)(URL, batch_size=1)
    track(Tracker("ns", emitter), "naïve 😀")
    [body] = emitter.posted
    assert isinstance(body, str)
    assert "na\\u00efve" in body


def test_an_override_may_call_the_original(server, track):
    class Counting(Emitter):
        calls = 0

        def http_post(self, data):
            self.calls += 1
            return super().http_post(data)

    emitter = Counting(server.url, batch_size=1)
    track(Tracker("ns", emitter), "naïve 😀")
    assert emitter.calls == 1
    assert server.labels() == ["naïve 😀"]


def test_an_interrupted_request_keeps_its_events(server, track):
    emitter = Emitter(server.url, batch_size=2)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    with (
        mock.patch.object(emitter, "http_post", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        track(tracker, "b")
    emitter.flush()
    assert server.labels() == ["a", "b"]


PATCHED = ["input", "send_events", "http_post", "attach_sent_timestamp", "is_good_status_code"]


@pytest.mark.parametrize("owner", ["class", "instance"])
@pytest.mark.parametrize("name", [*PATCHED, "reached_limit", "flush"])
def test_a_patch_holds_as_long_as_it_lasts(server, track, owner, name):
    emitter = Emitter(server.url, batch_size=1)
    tracker = Tracker("ns", emitter)
    track(tracker, "before")
    target = Emitter if owner == "class" else emitter
    with mock.patch.object(target, name, return_value=200) as patched:
        track(tracker, "during")
    assert patched.called
    track(tracker, "after")
    assert server.labels()[0] == "before"
    assert server.labels()[-1] == "after"


@pytest.mark.parametrize("owner", ["class", "instance"])
def test_http_get_may_be_patched(track, owner):
    emitter = Emitter(URL, method="get")
    target = Emitter if owner == "class" else emitter
    with mock.patch.object(target, "http_get", return_value=200) as patched:
        track(Tracker("ns", emitter), "a")
    [call] = patched.call_args_list
    assert call.args[0]["se_la"] == "a"
    assert emitter.stats()["sent"] == 1


def test_as_collector_uri_may_be_overridden():
    class Elsewhere(Emitter):
        def as_collector_uri(self, endpoint, protocol="https", port=None, method="post"):  # type: ignore[override]
            return f"{protocol}+{method}://{endpoint}:{port}/mine"

    assert Elsewhere("host", port=8).endpoint == "https+post://host:8/mine"


def test_an_overridden_input_sees_every_event_and_may_pass_it_on(server, track):
    class Marking(Emitter):
        def input(self, payload):
            super().input({**payload, "tna": "marked"})

    ids = track(Tracker("ns", Marking(server.url, batch_size=2)), "a", "b")
    events = server.requests[0].events
    assert [(event["eid"], event["tna"]) for event in events] == [(eid, "marked") for eid in ids]


def test_an_overridden_reached_limit_decides(server, track):
    class Even(Emitter):
        def reached_limit(self):
            return self.event_store.size() % 3 == 0

    track(Tracker("ns", Even(server.url)), *range(7))
    assert [len(request.events) for request in server.requests] == [3, 3]


def test_an_overridden_flush_is_what_a_full_batch_calls(server, track):
    class Silent(Emitter):
        flushes = 0

        def flush(self):
            self.flushes += 1

    emitter = Silent(server.url, batch_size=2)
    track(Tracker("ns", emitter), *range(3))
    assert (emitter.flushes, server.requests) == (2, [])
    emitter.sync_flush()
    emitter.close()
    assert (emitter.flushes, server.requests) == (4, [])


def test_an_overridden_send_events_gets_the_stored_dicts():
    class Keeping(Emitter):
        def send_events(self, evts):
            self.kept = evts

    emitter = Keeping(URL, batch_size=2)
    Tracker("ns", emitter)
    emitter.input({"e": "pv", "n": 1})
    emitter.input({"e": "pp"})
    assert emitter.kept == [{"e": "pv", "n": "1"}, {"e": "pp"}]


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_an_overridden_stamp_is_sent(server, track, kind):
    class Stamped(kind):  # type: ignore[misc, valid-type]
        @staticmethod
        def attach_sent_timestamp(events):
            for event in events:
                event["stm"] = "77"

    emitter = Stamped(server.url)
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()
    assert server.requests[0].events[0]["stm"] == "77"


def test_send_events_sends_calls_back_and_retries(server, until):
    calls: list[int] = []
    server.script.append(503)
    emitter = Emitter(
        server.url,
        on_success=lambda events: calls.append(len(events)),
        on_failure=lambda _n_sent, events: calls.append(-len(events)),
        max_retry_delay_seconds=0.02,
    )
    emitter.send_events([{"e": "pv", "eid": "1"}, {"e": "pv", "eid": "2"}])
    until(lambda: calls == [-2, 2])
    assert [len(request.events) for request in server.requests] == [2, 2]


def test_send_events_of_nothing_sends_nothing(server):
    Emitter(server.url).send_events([])
    assert server.requests == []


@pytest.mark.parametrize("method", ["post", "get"])
def test_events_stay_if_an_override_raises_before_they_are_sent(server, track, method):
    errors = [MemoryError()]

    class Unstable(Emitter):
        @staticmethod
        def attach_sent_timestamp(events):
            if errors:
                raise errors.pop()
            Emitter.attach_sent_timestamp(events)

    emitter = Unstable(server.url, method=method, batch_size=10)
    track(Tracker("ns", emitter), "a", "b")
    with pytest.raises(MemoryError):
        emitter.flush()
    assert (emitter.stats()["queued"], emitter.stats()["in_flight"]) == (2, 0)
    emitter.flush()
    assert server.labels() == ["a", "b"]
