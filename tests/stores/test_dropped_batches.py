"""A batch that was taken and then lost, without an outcome, returns to its buffer."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker, logger
from snowplow_tracker._native import RecordBuffer
from snowplow_tracker._stores import memory

FAR = 1000


def filled(count: int) -> RecordBuffer:
    buffer = RecordBuffer(10)
    for number in range(count):
        assert buffer.add({"se_la": str(number)})
    return buffer


def take(buffer: RecordBuffer, count: int) -> Any:
    return buffer.take(count, 100_000)


def labels(batch: Any) -> list[str]:
    return [event["se_la"] for event in batch.events()]


def test_it_returns_in_front_of_the_others():
    buffer = filled(5)
    lost = take(buffer, 2)
    kept = take(buffer, 1)
    assert (len(buffer), buffer.in_flight) == (2, 3)
    del lost
    assert (len(buffer), buffer.in_flight) == (4, 1)
    assert labels(kept) == ["2"]
    buffer.requeue(kept)
    assert labels(take(buffer, 10)) == ["2", "0", "1", "3", "4"]


@pytest.mark.parametrize("outcome", ["ack", "requeue"])
def test_one_with_an_outcome_does_not(outcome):
    buffer = filled(2)
    batch = take(buffer, 2)
    getattr(buffer, outcome)(batch)
    left = len(buffer)
    del batch
    assert (len(buffer), buffer.in_flight) == (left, 0)
    assert left == (2 if outcome == "requeue" else 0)


def test_one_whose_parts_have_an_outcome_does_not():
    buffer = filled(4)
    batch = take(buffer, 4)
    parts = [batch.part(0, 2), batch.part(2, 4)]
    buffer.ack(parts[0])
    buffer.requeue(parts[1])
    del batch, parts
    assert (len(buffer), buffer.in_flight) == (2, 0)
    assert labels(take(buffer, 10)) == ["2", "3"]


def test_one_of_a_buffer_that_was_cleared_does_not():
    """As in a forked child: the events are the parent's."""
    buffer = filled(2)
    batch = take(buffer, 2)
    buffer.clear()
    assert buffer.add({"se_la": "new"})
    del batch
    assert (len(buffer), buffer.in_flight) == (1, 0)


def test_its_buffer_lives_as_long():
    batch = take(filled(2), 2)
    gc.collect()
    assert labels(batch) == ["0", "1"]
    del batch


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_events_are_sent_after_a_claim_that_failed(server, track, monkeypatch, until, kind, error):
    emitter = kind(server.url, batch_size=100, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), *range(5))
    with monkeypatch.context() as patch:

        def fail(*_: Any) -> None:
            raise error

        patch.setattr(memory, "_ClaimedRecords", fail)
        patch.setattr(logger, "disabled", True)  # pytest keeps the traceback, which has the batch
        if kind is Emitter:
            with pytest.raises(error):
                emitter.flush()
        else:
            emitter.sync_flush()
    until(lambda: emitter.stats()["in_flight"] == 0)
    assert emitter.stats()["queued"] == 5
    assert emitter.flush_within(30) is True
    assert server.labels() == [str(n) for n in range(5)]
