"""Files of lines through a `Sender`: outcomes and places, whichever way a line took."""

from __future__ import annotations

import gzip
import io
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.bulk.given import holding, record
from tests.support import ScriptedServer, wait_until

from snowplow_tracker.bulk import DeadRecord, RecordError, Sender, send
from snowplow_tracker.bulk import intake as intake_module
from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs import ndjson, open_input
from snowplow_tracker.bulk.records import RecordEncoder

if TYPE_CHECKING:
    from pathlib import Path

    from snowplow_tracker._native import EncodedLines


def line(label: object, **more: Any) -> bytes:
    return json.dumps(record(label, **more)).encode() + b"\n"


def runs(content: bytes, sender: Sender) -> list[EncodedLines]:
    encoder = sender.line_encoder()
    assert encoder is not None
    with open_input(io.BytesIO(content)) as source:
        return [item for item in source.items(encoder) if not isinstance(item, tuple)]


def put_all(sender: Sender, given: list[EncodedLines]) -> None:
    for each in given:
        sender.put_lines(each, 0)


def labels(server: ScriptedServer) -> list[int]:
    return sorted(map(int, server.labels()))


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_a_file_is_sent(server, tmp_path, name):
    path: Path = tmp_path / name
    content = b"".join(map(line, range(1_234)))
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    report = send(open_input(path), server.url, batch_size=100)
    assert (report.read, report.delivered, report.dead) == (1_234, 1_234, 0)
    assert labels(server) == list(range(1_234))
    assert max(len(request.events) for request in server.requests) == 100


def test_all_lines_of_a_file_may_be_encoded_together(server, monkeypatch):
    monkeypatch.setattr(Sender, "put", None)
    assert send(open_input(io.BytesIO(line(1) * 50)), server.url).delivered == 50


@pytest.mark.parametrize("status", [400, 404])
def test_dead_lines_have_their_places(server, status):
    server.otherwise = lambda request: status if "7" in request.labels else 200
    lines = [line(number) if number % 4 else b"{\n" for number in range(30)]
    lines[9] = line(9, labl="x")
    dead: list[DeadRecord] = []
    source = open_input(io.BytesIO(b"".join(lines)))
    report = send(source, server.url, batch_size=5, on_dead=dead.append)
    assert report.reasons == {f"refused {status}": 5, "invalid": 1, "unreadable": 8}
    assert (report.read, report.delivered, report.undelivered) == (30, 16, 0)
    ends = [sum(map(len, lines[: number + 1])) for number in range(30)]
    for each in dead:
        number = each.place[1] - 1
        assert each.place == ("-", number + 1, ends[number])
        if each.reason.startswith("refused"):
            assert each.record["se_la"] == str(number)
        else:
            assert number % 4 == 0 or number == 9


def test_what_cannot_be_read_raises_if_nobody_looks_at_it(server):
    with pytest.raises(UnreadableError, match="not JSON"):
        send(open_input(io.BytesIO(line(1) + b"{\n" + line(2))), server.url)
    with pytest.raises(RecordError, match="labl"):
        send(open_input(io.BytesIO(line(1) + line(2, labl="x"))), server.url)


def test_a_part_of_a_run_is_put(server):
    with Sender(server.url) as sender:
        (run,) = runs(b"".join(map(line, range(10))), sender)
        sender.put_lines(run, "a", 2, 7)
    assert labels(server) == [2, 3, 4, 5, 6]
    assert sender.position == (5, ("a", *run.place(6)))


def test_the_position_may_be_inside_a_run(server):
    released = threading.Event()
    server.otherwise = holding("20", released)
    with Sender(server.url, batch_size=10, threads=2) as sender:
        (run,) = runs(b"".join(map(line, range(40))), sender)
        sender.put_lines(run, "a")
        wait_until(lambda: sender.report().delivered == 30)
        records, place = sender.position
        assert (records, place) == (20, ("a", *run.place(19)))
        sender.reject("x", "unreadable", [], "b")
        released.set()
    assert sender.position == (41, "b")


def test_lines_wait_while_too_many_events_are_open(server, monkeypatch):
    monkeypatch.setattr(intake_module, "_MAX_OPEN", 20)
    monkeypatch.setattr(ndjson, "_MAX_RUN", 10)
    server.otherwise = "hang"
    sender = Sender(server.url, batch_size=5, threads=2)
    given = runs(b"".join(map(line, range(50))), sender)
    thread = threading.Thread(target=put_all, args=(sender, given))
    thread.start()
    server.wait_for(2)
    wait_until(lambda: sender.report().read == 20)
    server.otherwise = 200
    server.released.set()
    thread.join(20)
    assert sender.close().delivered == 50


class Interrupted:
    """Lines whose storing is interrupted before or after it."""

    def __init__(self, lines: EncodedLines, is_stored: bool) -> None:
        self.lines = lines
        self.is_stored = is_stored
        self.place = lines.place

    def __len__(self) -> int:
        return len(self.lines)

    def store(self, *arguments: Any) -> None:
        if self.is_stored:
            self.lines.store(*arguments)
        raise KeyboardInterrupt


@pytest.mark.parametrize("is_stored", [False, True])
def test_an_interrupted_run_is_counted_exactly(server, is_stored):
    with Sender(server.url, batch_size=7) as sender:
        first, last = (runs(line(n) * 10, sender)[0] for n in range(2))
        with pytest.raises(KeyboardInterrupt):
            sender.put_lines(Interrupted(first, is_stored), "a")  # type: ignore[arg-type]
        sender.put_lines(last, "b")
        report = sender.drain()
    count = 20 if is_stored else 10
    assert (report.read, report.delivered, report.undelivered) == (count, count, 0)
    assert sender.position == (count, ("b", *last.place(9)))


def test_some_settings_take_each_record_alone(server):
    class Valid:
        def validate(self, *_: Any) -> list[Any]:
            return []

    class Other(RecordEncoder):
        pass

    for settings in (
        {"rate": 1_000_000},
        {"validator": Valid()},
        {"encoder": Other()},
        {"id_from": "label"},
    ):
        with Sender(server.url, **settings) as sender:
            assert sender.line_encoder() is None
    report = send(open_input(io.BytesIO(line(1) * 3)), server.url, rate=1_000_000)
    assert report.delivered == 3
