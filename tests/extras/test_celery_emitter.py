"""`CeleryEmitter`: how it hands events to Celery, without a worker."""

from __future__ import annotations

import base64
import gc
import json
import logging
import os
import signal
import weakref
from typing import Any
from unittest.mock import Mock

import celery
import pytest

from snowplow_tracker import CeleryEmitter, StructuredEvent, Tracker

USR1 = signal.SIGUSR1


def track(emitter: CeleryEmitter, *labels: str) -> None:
    tracker = Tracker("ns", emitter)
    for label in labels:
        tracker.track(StructuredEvent("shop", "add", label))


def test_the_parameters():
    emitter = CeleryEmitter("host", "https", 8080, "get", 5, 1000)
    assert emitter.endpoint == "https://host:8080/i"
    assert (emitter.buffer_size, emitter.byte_limit) == (5, 1000)
    default = CeleryEmitter("host")
    assert default.endpoint == "http://host/com.snowplowanalytics.snowplow/tp2"
    assert (default.batch_size, default.byte_limit) == (10, None)
    assert CeleryEmitter("host", batch_size=7).buffer_size == 7
    with pytest.raises(TypeError, match="batch_size and buffer_size"):
        CeleryEmitter("host", buffer_size=1, batch_size=1)


def test_without_a_configuration_the_broker_is_redis_on_this_machine():
    emitter = CeleryEmitter("host")
    assert isinstance(emitter.celery_app, celery.Celery)
    assert emitter.celery_app.conf.broker_url == "redis://localhost:6379/0"


@pytest.mark.usefixtures("messages")
def test_the_configuration_is_a_module_where_one_is_importable():
    assert CeleryEmitter("host").celery_app.conf.broker_url == "filesystem://"


def test_a_configuration_that_cannot_be_imported_is_no_missing_one(modules):
    (modules / "snowplow_celery_config.py").write_text("import no_such_module")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        CeleryEmitter("host")


@pytest.mark.usefixtures("messages")
def test_the_programs_own_application_stays_the_current_one():
    own = celery.Celery("own", broker="memory://")
    emitter = CeleryEmitter("host")
    assert celery.current_app.main == "own"
    assert emitter.async_flush.name in own.tasks


def test_a_full_batch_is_handed_over_and_leaves_the_emitter(messages, collector):
    emitter = CeleryEmitter(collector.url, batch_size=2)
    track(emitter, "a", "b", "c")
    assert len(list(messages.iterdir())) == 1
    assert [event["se_la"] for event in emitter.buffer] == ["c"]
    emitter.flush()
    assert len(list(messages.iterdir())) == 2
    stats = emitter.stats()
    assert (stats["tracked"], stats["sent"], stats["queued"]) == (3, 3, 0)
    assert collector.journal.counts()["total"] == 0


@pytest.mark.usefixtures("messages")
def test_flush_calls_delay_of_async_flush():
    emitter = CeleryEmitter("host")
    emitter.async_flush = Mock()
    track(emitter, "a")
    emitter.flush()
    emitter.async_flush.delay.assert_called_once()


def test_any_value_of_a_get_event_fits_a_message(messages):
    emitter = CeleryEmitter("host", method="get")
    emitter.input({"e": "se", "se_va": object(), "tv": 1})
    assert len(list(messages.iterdir())) == 1
    assert emitter.stats()["queued"] == 0


HEADERS = {"Authorization": "Bearer s3cr3t"}


@pytest.mark.usefixtures("messages")
def test_a_task_is_sent_with_the_headers_and_paths_of_the_emitter(server):
    settings: dict[str, Any] = {"custom_headers": HEADERS, "post_path": "com.acme/track"}
    emitter = CeleryEmitter(server.url, batch_size=1, **settings)
    emitter.celery_app.conf.task_always_eager = True
    track(emitter, "a")
    [request] = server.requests
    assert (request.target, request.headers["Authorization"]) == (
        "/com.acme/track",
        "Bearer s3cr3t",
    )


def test_a_task_contains_no_headers(messages):
    track(CeleryEmitter("host", batch_size=1, custom_headers=HEADERS), "a")
    [message] = messages.iterdir()
    body = base64.b64decode(json.loads(message.read_text())["body"])
    assert b"eid" in body
    assert b"s3cr3t" not in body


@pytest.mark.usefixtures("messages")
def test_a_task_stays_as_anonymous_as_it_was_made(server):
    emitter = CeleryEmitter(server.url, batch_size=1, custom_headers=HEADERS)
    emitter.celery_app.conf.task_always_eager = True
    tasks = emitter.async_flush
    emitter.async_flush = Mock()
    track(emitter, "a")
    emitter.server_anonymous = True
    track(emitter, "b")
    emitter.server_anonymous = False
    for call in emitter.async_flush.delay.call_args_list:
        tasks.delay(*call.args, **call.kwargs)
    assert [request.headers["SP-Anonymous"] for request in server.requests] == [None, "*"]
    assert [request.headers["Authorization"] for request in server.requests] == [
        "Bearer s3cr3t"
    ] * 2


@pytest.mark.parametrize("send", ["sync_flush", "async_flush", "close"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_not_handed_over_is_sent_in_the_process(messages, collector, labels, send, method):
    emitter = CeleryEmitter(collector.url, method=method, batch_size=10)
    track(emitter, "a", "b")
    getattr(emitter, send)()
    assert labels(collector) == ["a", "b"]
    assert list(messages.iterdir()) == []


def test_what_the_broker_does_not_take_is_kept_and_handed_over_later(messages, until, caplog):
    messages.rmdir()
    emitter = CeleryEmitter("host", batch_size=2)
    track(emitter, "a", "b", "c")
    assert [event["se_la"] for event in emitter.buffer] == ["a", "b", "c"]
    assert "not handed to Celery" in caplog.text
    messages.mkdir()
    until(lambda: len(list(messages.iterdir())) == 2)
    assert emitter.buffer == []


@pytest.mark.usefixtures("messages")
def test_the_log_of_a_broker_has_no_password_and_no_event_and_one_line_a_minute(caplog):
    emitter = CeleryEmitter("host", batch_size=2)
    secrets = LookupError("redis://user:s3cr3t@host", [{"uid": "user-4711"}])
    emitter.async_flush = Mock(**{"delay.side_effect": secrets})
    for _ in range(3):
        track(emitter, "a", "b")
        emitter.retry_timer.cancel()
        emitter.flush()
    lines = [line for line in caplog.messages if "not handed to Celery" in line]
    assert lines == ["2 events not handed to Celery, to be retried: LookupError"]
    assert "s3cr3t" not in caplog.text
    assert "4711" not in caplog.text


@pytest.mark.usefixtures("messages")
@pytest.mark.parametrize("is_taken", [True, False])
def test_log_records_that_are_tracked_make_no_further_ones(is_taken):
    emitter = CeleryEmitter("host", batch_size=1)
    client = logging.getLogger("tests.broker")
    seen = []

    def delay(*_):
        client.warning("a record about the event")
        if not is_taken:
            raise LookupError

    class ToTracker(logging.Handler):
        def emit(self, record):
            seen.append(record)
            track(emitter, record.name)

    emitter.async_flush = Mock(**{"delay.side_effect": delay})
    handler = ToTracker()
    for name in ("tests.broker", "snowplow_tracker"):
        logging.getLogger(name).addHandler(handler)
    try:
        track(emitter, "shop")
    finally:
        for name in ("tests.broker", "snowplow_tracker"):
            logging.getLogger(name).removeHandler(handler)
    assert len(seen) == (1 if is_taken else 2)
    assert emitter.async_flush.delay.call_count <= 2
    emitter.retry_timer.cancel()


@pytest.mark.usefixtures("messages")
@pytest.mark.parametrize("kind", [LookupError, TimeoutError])
def test_what_a_signal_handler_raises_reaches_the_program_and_the_events_stay(kind):
    def handler(*_):
        raise kind

    emitter = CeleryEmitter("host", batch_size=1)
    emitter.async_flush = Mock(**{"delay.side_effect": lambda *_: os.kill(os.getpid(), USR1)})
    before = signal.signal(USR1, handler)
    try:
        with pytest.raises(kind):
            track(emitter, "a")
    finally:
        signal.signal(USR1, before)
    assert [event["se_la"] for event in emitter.buffer] == ["a"]
    assert not emitter.retry_timer.is_active()


def test_an_eager_application_sends_at_once_and_tries_again_by_itself(
    messages, server, until, caplog
):
    server.script.append(503)
    emitter = CeleryEmitter(server.url, batch_size=2)
    emitter.celery_app.conf.task_always_eager = True
    with caplog.at_level(logging.ERROR):
        track(emitter, "a", "b")
        until(lambda: emitter.stats()["sent"] == 2)
    assert [request.labels for request in server.requests] == [["a", "b"], ["a", "b"]]
    assert emitter.stats()["tracked"] == 2
    assert caplog.messages == []
    assert list(messages.iterdir()) == []


@pytest.mark.usefixtures("messages")
def test_nothing_keeps_an_emitter_for_ever():
    emitter = CeleryEmitter("host")
    gone = weakref.ref(emitter)
    del emitter
    gc.collect()
    assert gone() is None
