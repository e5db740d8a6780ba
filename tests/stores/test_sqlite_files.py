"""The files of the durable store: who may read them, how long they grow, when they are closed."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from snowplow_tracker import Emitter, SQLiteEventStore
from snowplow_tracker._stores.sqlite import recovery

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files of POSIX")

EVENT = {"e": "se", "se_la": "a"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(recovery, "_REOPEN_SECONDS", 0.0)
    monkeypatch.setattr(recovery, "_CHECK_SECONDS", 0.0)


def run(program: str, *arguments: object) -> str:
    """Run a program, and return what it has printed."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.strip()


def modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


class TestPermissions:
    @pytest.fixture(autouse=True)
    def generous(self):
        before = os.umask(0)
        yield
        os.umask(before)

    def test_only_the_owner_may_read_the_files(self, path):
        store = SQLiteEventStore(path)
        assert store.add_event(EVENT)
        names = {"events.db", "events.db-lock", "events.db-shm", "events.db-wal"}
        assert modes(path.parent) == dict.fromkeys(names, 0o600)

    def test_nor_a_damaged_copy_and_the_file_after_it(self, path):
        path.touch(0o600)
        path.write_bytes(b"damaged" * 1000)
        store = SQLiteEventStore(path)
        assert store.add_event(EVENT)
        assert "events.db.damaged-1" in modes(path.parent)
        assert set(modes(path.parent).values()) == {0o600}

    def test_a_file_that_the_program_has_prepared_for_a_group_is_the_model(self, path):
        path.touch(0o660)
        store = SQLiteEventStore(path)
        assert store.add_event(EVENT)
        assert set(modes(path.parent).values()) == {0o660}


class TestAReaderThatDoesNotEnd:
    @pytest.fixture
    def reader(self, path):
        SQLiteEventStore(path).add_event(EVENT)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM events").fetchall()
        yield connection
        connection.close()

    def test_the_log_stays_below_the_limit_and_the_log_says_why(self, path, reader, caplog):
        store = SQLiteEventStore(path, max_bytes=1_000_000)
        event = {**EVENT, "page": "x" * 2000}
        stored = 0
        for _ in range(6000):
            stored += store.add_event(event)
            if store.size() >= 200:
                store.cleanup(store.get_events_batch(), False)
        used = path.stat().st_size + Path(f"{path}-wal").stat().st_size
        assert stored > 400
        assert used < 1_000_000 + 8_000_000
        [line] = [line for line in caplog.messages if "refused" in line]
        assert "kept reading the file" in line
        assert not store.has_room()
        reader.execute("COMMIT")
        assert store.add_event(event)
        store.cleanup(store.get_events_batch(), False)
        assert store.add_event(event)
        assert Path(f"{path}-wal").stat().st_size < 5_000_000

    @pytest.mark.usefixtures("reader")
    def test_a_short_one_costs_no_event(self, path):
        store = SQLiteEventStore(path)
        event = {**EVENT, "page": "x" * 2000}
        assert all(store.add_event(event) for _ in range(4000))
        assert Path(f"{path}-wal").stat().st_size > recovery._LONG_LOG_BYTES

    @pytest.mark.usefixtures("reader")
    def test_an_empty_store_does_not_write_while_it_waits(self, path):
        store = SQLiteEventStore(path, max_bytes=1_000_000)
        event = {**EVENT, "page": "x" * 2000}
        while store.has_room():
            store.add_event(event)
            if store.size() >= 200:
                store.cleanup(store.get_events_batch(), False)
        while batch := store.get_events_batch():
            store.cleanup(batch, False)
        before = Path(f"{path}-wal").stat().st_size
        assert not any(store.has_room() for _ in range(20))
        assert Path(f"{path}-wal").stat().st_size == before


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


CLAIMED = """
import sys
from snowplow_tracker import SQLiteEventStore
print(SQLiteEventStore(sys.argv[1]).size())
"""


class TestDescriptors:
    @pytest.fixture(autouse=True)
    def settled(self):
        gc.collect()

    def test_stores_that_are_gone_have_none(self, tmp_path):
        before = descriptors()
        for number in range(20):
            SQLiteEventStore(tmp_path / f"{number}.db").add_event(EVENT)
        gc.collect()
        assert descriptors() == before

    def test_a_closed_emitter_has_none(self, path):
        before = descriptors()
        emitter = Emitter("127.0.0.1:9", event_store=SQLiteEventStore(path), exit_timeout=0.0)
        emitter.event_store.size()
        assert descriptors() > before
        emitter.close()
        assert descriptors() == before
        assert emitter.event_store.size() == 0

    def test_the_end_of_one_store_leaves_the_locks_of_another(self, path):
        store, other = SQLiteEventStore(path), SQLiteEventStore(path)
        store.add_event(EVENT)
        assert store.get_events_batch()
        del other
        gc.collect()
        assert run(CLAIMED, path) == "0"

    @pytest.mark.skipif(sys.platform != "linux", reason="locks of open files")
    def test_a_program_that_copies_the_folder_leaves_the_claims(self, path, tmp_path):
        store = SQLiteEventStore(path)
        store.add_event(EVENT)
        assert store.get_events_batch()
        shutil.copytree(tmp_path, tmp_path / "copy")
        assert run(CLAIMED, path) == "0"

    def test_the_claims_end_with_their_process_not_with_its_children(self, path):
        print_when_told = "import os, sys; sys.stdin.readline()"
        program = f"""
import os, sys
from snowplow_tracker import SQLiteEventStore
store = SQLiteEventStore(sys.argv[1])
store.add_event({EVENT})
assert store.get_events_batch()
if os.fork():
    os._exit(0)
{print_when_told}
"""
        command = [sys.executable, "-c", program, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.wait(20) == 0  # its child still waits for its standard input
            assert SQLiteEventStore(path).size() == 1


DAEMON = """
import os, sys
from pathlib import Path
from snowplow_tracker import SQLiteEventStore
path, folder = Path(sys.argv[1]), Path(sys.argv[2])
store = SQLiteEventStore(path)
store.add_event({"se_la": "claimed"})
batch = store.get_events_batch()
store.add_event({"se_la": "waiting"})
os.closerange(3, 256)
files = [(folder / str(number)).open("w+b", 0) for number in range(int(sys.argv[3]))]
for file in files:
    file.write(b"the program's own")
added = store.add_event({"se_la": "later"})
assert all(Path(file.name).read_bytes() == b"the program's own" for file in files)
for file in files:
    file.write(b", still open")
others = SQLiteEventStore(path).size()
store.cleanup(batch, False)
store.add_event({"se_la": "last"})
print(added, others, [each["se_la"] for each in store.get_events_batch()])
"""


@pytest.mark.parametrize("files", [0, 1, 2, 3, 20])
def test_it_goes_on_after_all_descriptors_were_closed(path, tmp_path, files):
    assert run(DAEMON, path, tmp_path, files) == "True 2 ['waiting', 'later', 'last']"


COPIED = """
import ctypes, os, sys
from snowplow_tracker import SQLiteEventStore
store = SQLiteEventStore(sys.argv[1])
store.add_event({"se_la": "before"})
batch = store.get_events_batch()
child = ctypes.CDLL(None).fork()
if not child:
    assert store.add_event({"se_la": "child"})
    assert store.size() == 1
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert store.add_event({"se_la": "parent"})
assert store.size() == 2
store.cleanup(batch, True)
print([each["se_la"] for each in store.get_events_batch()])
"""


def test_a_process_that_is_copied_without_pythons_hooks_shares_the_file(path):
    assert run(COPIED, path) == "['before', 'child', 'parent']"


CLOSED = """
import shutil, sys
from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, StructuredEvent, Tracker
emitters = []
for number, kind in enumerate((Emitter, AsyncEmitter)):
    store = SQLiteEventStore(f"{sys.argv[1]}/{number}.db")
    emitters.append(kind(sys.argv[2], protocol="http", event_store=store))
    with Tracker("ns", emitters[-1]) as tracker:
        tracker.track(StructuredEvent("shop", "add"))
shutil.rmtree(sys.argv[1])
print([(emitter.stats()["sent"], emitter.stats()["queued"]) for emitter in emitters])
"""


def test_after_close_nothing_looks_at_the_file(tmp_path, server):
    folder = tmp_path / "temporary"
    folder.mkdir()
    assert run(CLOSED, folder, server.url) == "[(1, 0), (1, 0)]"
    assert not folder.exists()
