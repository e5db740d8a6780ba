"""Files of version 1 of the durable store are opened as they are."""

from __future__ import annotations

import sqlite3

from snowplow_tracker import SQLiteEventStore

# Events 1 and 2 are claimed by a dead process, 3 was sent and deleted.
VERSION_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE events (id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE ranges (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, owner INTEGER NOT NULL);
PRAGMA application_id = 1399748464;
PRAGMA user_version = 1;
INSERT INTO events VALUES (1, 10, CAST('{"se_la":"a"}' AS BLOB));
INSERT INTO events VALUES (2, 20, CAST('{"se_la":"b"}' AS BLOB));
INSERT INTO events VALUES (4, 40, CAST('{"se_la":"d"}' AS BLOB));
INSERT INTO ranges VALUES (1, 2, 1234567);
INSERT INTO ranges VALUES (3, 3, 0);
"""


def test_a_file_of_version_1_is_opened(tmp_path):
    path = tmp_path / "events.db"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.close()
    store = SQLiteEventStore(path)
    assert (store.size(), store.oldest_ms) == (3, 10)
    batches = [store.get_events_batch() for _ in range(2)]
    assert [[event["se_la"] for event in batch] for batch in batches] == [["a", "b"], ["d"]]
    for batch in batches:
        store.cleanup(batch, need_retry=False)
    assert store.size() == store.in_flight == 0


def test_a_new_file_is_of_version_1(tmp_path):
    path = tmp_path / "events.db"
    SQLiteEventStore(path)
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    assert [sql + ";" for (sql,) in tables] == VERSION_1.split("\n")[2:4]
    for pragma in ("application_id", "user_version"):
        [(value,)] = connection.execute(f"PRAGMA {pragma}").fetchall()
        assert f"PRAGMA {pragma} = {value};" in VERSION_1
    connection.close()
