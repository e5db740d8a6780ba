"""Log messages: what is logged by which logger, and that nothing else is."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from typing import Any
from unittest import mock

import pytest

import snowplow_tracker
from snowplow_tracker import AsyncEmitter, Emitter, InMemoryEventStore, Tracker

KINDS = [Emitter, AsyncEmitter]
NAME = "snowplow_tracker.emitters"
FAR = 1000


def test_the_logger_is_named_after_its_module():
    assert snowplow_tracker.logger is logging.getLogger(NAME)
    assert snowplow_tracker.emitters.logger is snowplow_tracker.logger


def test_a_logger_in_its_place_gets_all_of_it(server, track):
    server.script.append(400)
    with mock.patch("snowplow_tracker.emitters.logger") as mine:
        emitter = Emitter(server.url, batch_size=1)
        track(Tracker("ns", emitter), "a")
    assert "given up" in str(mine.warning.call_args or mine.error.call_args)
    assert snowplow_tracker.emitters.logger is logging.getLogger(NAME)


def misfortunes(server: Any, track: Any, kind: Any) -> None:
    """One of each thing that an emitter has to say."""

    def fail(*_):
        raise LookupError("mine")

    server.script.extend([200, 400, 503])
    settings = {"max_retry_delay_seconds": FAR, "buffer_capacity": 1, "on_success": fail}
    emitter = kind(server.url, batch_size=1, on_failure=fail, **settings)
    tracker = Tracker("ns", emitter)
    for label in "abcd":
        track(tracker, label)
        tracker.flush()
    with mock.patch.object(kind, "http_post", side_effect=LookupError("mine")):
        emitter.close()
    track(tracker, "e")


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_it_goes_to_that_logger(server, track, caplog, kind):
    misfortunes(server, track, kind)
    assert {record.name for record in caplog.records} == {NAME}
    levels = [record.levelno for record in caplog.records]
    assert min(levels) >= logging.WARNING
    assert len(levels) >= 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_may_silence_it(server, track, capfd, caplog, kind):
    caplog.set_level(100, logger=NAME)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        misfortunes(server, track, kind)
    assert caplog.records == []
    assert caught == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [200, 503])
def test_an_exception_out_of_a_callback_is_logged_with_its_traceback(
    server, track, caplog, kind, status
):
    def fail(*_):
        raise LookupError("mine")

    server.script.append(status)
    emitter = kind(server.url, batch_size=1, on_success=fail, max_retry_delay_seconds=FAR)
    emitter.on_failure = fail
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()
    [text] = [record.exc_text for record in caplog.records if record.exc_info]
    assert "in fail" in text
    assert "LookupError: mine" in text
    emitter.buffer.clear()


@pytest.mark.parametrize(("status", "fate"), [(400, "given up"), (503, "to be retried")])
def test_a_failure_is_logged_with_the_address_but_not_its_password(
    server, track, logged, status, fate
):
    server.script.append(status)
    address = server.url.replace("://", "://user:secret@")
    emitter = Emitter(address, batch_size=1, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), "a")
    assert logged(f"{fate}: HTTP {status} .{server.url}/.*tp2") == 1
    assert logged("secret") == 0
    emitter.buffer.clear()


def test_a_full_store_says_so_to_its_own_logger():
    mine, later = mock.Mock(spec=logging.Logger), mock.Mock(spec=logging.Logger)
    store = InMemoryEventStore(mine, 1)
    assert store.logger is mine
    assert [store.add_event({"e": "pv"}) for _ in range(3)] == [True, False, False]
    assert mine.error.call_count == 1
    store.logger = later
    assert store.logger is later


PROGRAM = """
import logging, sys
import snowplow_tracker as s
for module in list(sys.modules):
    if module.startswith("snowplow_tracker"):
        logger = logging.getLogger(module)
        assert not logger.handlers and logger.level == logging.NOTSET, module
assert not logging.getLogger().handlers
emitter = s.Emitter("http://127.0.0.1:9", batch_size=1)
s.Tracker("ns", emitter).track(s.PageView("http://x"))
emitter.buffer.clear()
assert not logging.getLogger().handlers
"""


def test_nothing_configures_logging_and_warnings_reach_stderr():
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=15, check=True)
    assert ended.stdout == ""
    assert "1 events not sent, to be retried" in ended.stderr
