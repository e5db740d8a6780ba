"""Each method can be overridden or patched, one after the other, and events still arrive."""

from __future__ import annotations

import inspect
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

KINDS = [Emitter, AsyncEmitter]
METHODS = [
    *("input", "flush", "sync_flush", "async_flush", "send_events", "http_post", "http_get"),
    *("is_good_status_code", "attach_sent_timestamp", "reached_limit", "as_collector_uri"),
    *("set_flush_timer", "cancel_flush_timer"),
]
FAR = 1000


def is_static(kind: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(kind, name), staticmethod)


def overriding(kind: type, name: str) -> tuple[Any, list[Any]]:
    """A subclass that notes the calls of one method and passes them on."""
    calls: list[Any] = []
    original = getattr(kind, name)

    def method(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        return original(*arguments, **named)

    own = staticmethod(method) if is_static(kind, name) else method
    return type("Mine", (kind,), {name: own}), calls


def make(kind: Any, server: Any, name: str) -> Any:
    return kind(server.url, method="get" if name == "http_get" else "post", batch_size=2)


def use(emitter: Any, track: Any) -> None:
    """Go through every method once: those that programs call, and those that they cause."""
    emitter.set_flush_timer(FAR)
    emitter.cancel_flush_timer()
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b", "c")
    emitter.async_flush()
    tracker.flush(is_async=True)
    tracker.flush()
    assert emitter.stats()["queued"] == 0


def arrived(server: Any) -> int:
    """How many events came, by either method."""
    return sum(1 if r.method == "GET" else len(r.events) for r in server.requests)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
def test_overridden_in_a_subclass_it_is_called(server, track, kind, name):
    own, calls = overriding(kind, name)
    emitter = make(own, server, name)
    use(emitter, track)
    assert calls
    assert arrived(server) == emitter.stats()["sent"] == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("made", ["before", "during"])
def test_patched_on_the_class_it_is_called_as_long_as_that_lasts(server, track, kind, name, made):
    owner = Emitter if is_static(kind, name) else kind  # inherited ones are no case for autospec
    original = getattr(owner, name)
    emitter = make(kind, server, name) if made == "before" else None
    with mock.patch.object(owner, name, autospec=True, side_effect=original) as patched:
        emitter = emitter or make(kind, server, name)
        use(emitter, track)
    calls = patched.call_count
    assert calls or (name == "as_collector_uri" and made == "before")
    use(emitter, track)
    assert patched.call_count == calls
    assert arrived(server) == emitter.stats()["sent"] == 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", [{}, {"autospec": True}])
@pytest.mark.parametrize("name", [name for name in METHODS if name != "as_collector_uri"])
def test_replaced_on_an_instance_it_is_called(server, track, kind, name, settings):
    emitter, other = make(kind, server, name), make(kind, server, name)
    original = getattr(emitter, name)
    with mock.patch.object(emitter, name, side_effect=original, **settings) as patched:
        use(emitter, track)
        calls = patched.call_count
        use(other, track)
    assert patched.call_count == calls > 0
    use(emitter, track)
    assert patched.call_count == calls
    assert arrived(server) == 9


@pytest.mark.parametrize("kind", KINDS)
def test_an_assigned_function_stays(server, track, kind):
    bodies: list[str] = []

    def keep(data: str) -> int:
        bodies.append(data)
        return 200

    emitter = kind(server.url, batch_size=2)
    emitter.http_post = keep
    use(emitter, track)
    assert sum(body.count('"eid"') for body in bodies) == 3
    assert server.requests == []
    del emitter.http_post
    use(emitter, track)
    assert arrived(server) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_may_be_judged_otherwise(server, track, kind):
    class Lenient(kind):  # type: ignore[misc, valid-type]
        @staticmethod
        def is_good_status_code(status_code):
            return 200 <= status_code < 400

    server.script.append(304)
    emitter = Lenient(server.url)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    tracker.flush()
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize(
    ("answer", "outcome"), [(True, "sent"), (None, "queued"), (OSError("mine"), "queued")]
)
def test_an_own_request_may_answer_with_a_flag_or_raise(track, kind, method, answer, outcome):
    emitter = kind("127.0.0.1:9", method=method, batch_size=1, max_retry_delay_seconds=FAR)
    effect = {"side_effect": answer} if isinstance(answer, OSError) else {"return_value": answer}
    with mock.patch.object(kind, f"http_{method}", autospec=True, **effect) as patched:
        track(Tracker("ns", emitter), "a")
        emitter.sync_flush()
    [(of, argument)] = [call.args for call in patched.call_args_list]
    assert of is emitter
    assert isinstance(argument, str if method == "post" else dict)
    assert emitter.stats()[outcome] == 1
    emitter.buffer.clear()


def test_a_batch_size_computed_by_a_subclass_holds(server, track):
    class Adaptive(Emitter):
        most = 1
        batch_size = property(lambda self: self.most, lambda *_: None)

    emitter = Adaptive(server.url)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    assert server.labels() == ["a"]
    emitter.most = 3
    track(tracker, "b", "c")
    assert server.labels() == ["a"]
    track(tracker, "d")
    assert server.labels() == ["a", "b", "c", "d"]
