"""A log handler with a closed stream: no traceback, no exception, and other handlers still log."""

from __future__ import annotations

import io
import logging
import subprocess
import sys

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker

NOBODY = "http://127.0.0.1:9"
LOGGER = logging.getLogger("snowplow_tracker.emitters")


@pytest.fixture
def closed():
    """A handler of the root logger with a closed stream, as pytest's capturing leaves them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    stream.close()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.mark.usefixtures("closed")
def test_nothing_is_printed_and_other_handlers_log(capsys, caplog):
    Tracker("ns", Emitter(NOBODY, batch_size=1)).track(StructuredEvent("c", "a"))
    assert "to be retried" in caplog.text
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("closed")
def test_levels_and_propagation_are_those_of_logging(monkeypatch):
    seen: list[str] = []

    class Seeing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(f"{self.name} {record.getMessage()}")

    near, far = Seeing(logging.ERROR), Seeing()
    near.name, far.name = "near", "far"
    monkeypatch.setattr(LOGGER, "handlers", [near])
    monkeypatch.setattr(logging.getLogger("snowplow_tracker"), "handlers", [far])
    LOGGER.warning("one")
    LOGGER.error("two")
    monkeypatch.setattr(LOGGER, "propagate", False)
    LOGGER.error("three")
    assert seen == ["far one", "near two", "far two", "near three"]


def test_a_file_that_is_opened_by_the_first_record_is_written_to(tmp_path, monkeypatch, closed):
    file = logging.FileHandler(tmp_path / "log", delay=True)
    monkeypatch.setattr(LOGGER, "handlers", [file, closed])
    monkeypatch.setattr(LOGGER, "propagate", False)
    LOGGER.warning("first")
    file.close()
    assert (tmp_path / "log").read_text() == "first\n"


PROGRAM = """
import io, logging, sys
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, way = sys.argv[1:]
emitter = {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}[kind]("http://127.0.0.1:9")
Tracker("ns", emitter).track(StructuredEvent("c", "a"))
if way == "handler":
    stream = io.StringIO()
    logging.basicConfig(stream=stream)
    stream.close()
elif way == "none":
    sys.stderr = None
elif way == "closed":
    sys.stderr = open(1, "w", closefd=False)
    sys.stderr.close()
"""


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize("way", ["open", "handler", "none", "closed"])
def test_nothing_but_the_message_is_printed_at_exit(kind, way):
    command = [sys.executable, "-c", PROGRAM, kind.__name__, way]
    run = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert run.returncode == 0
    assert run.stdout == ""
    assert ("were not delivered" in run.stderr) == (way == "open")
    assert "Logging error" not in run.stderr
    assert way == "open" or run.stderr == ""
