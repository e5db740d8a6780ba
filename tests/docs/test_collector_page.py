"""The page on the local collector lists its options, its calls and its limits."""

from __future__ import annotations

import re

import pytest
from tests.docs.pages import PAGES

from snowplow_tracker.collector import Journal, connections, incoming
from snowplow_tracker.collector.__main__ import collector_parser
from snowplow_tracker.collector.protocol import (
    MAX_BODY,
    MAX_EVENT_BODY,
    MAX_HEADERS,
    MAX_REQUEST_LINE,
)
from snowplow_tracker.collector.routes import application

PAGE = PAGES["docs/guides/collector.md"]
ROWS = [
    [cell.strip("`") for cell in re.split(r" *\| *", line)[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ")
]
OPTIONS = {row[0]: row[1] for row in ROWS if row[0].startswith("--") and len(row) == 3}
CALLS = {row[0] for row in ROWS}
HIDDEN = {"/micro/{call:path}"}


def test_every_option_is_listed_with_its_default():
    defaults = {
        action.option_strings[-1]: action.default
        for action in collector_parser()._actions
        if action.dest != "help"
    }
    assert set(OPTIONS) >= set(defaults)
    for name, default in defaults.items():
        if isinstance(default, (str, int)) and default is not False:
            assert OPTIONS[name] == str(default), name


def test_every_call_is_listed():
    app = application(Journal())
    paths = {getattr(route, "path", "") for route in app.routes}
    calls = {path for path in paths if path.startswith("/micro/") and "/ui" not in path}
    named = {re.sub(r"{(\w+)}", lambda part: part[1].upper(), call) for call in calls - HIDDEN}
    assert named - CALLS == set()


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("request line", f"{MAX_REQUEST_LINE // 1024} KiB"),
        ("headers", f"{MAX_HEADERS // 1024} KiB"),
        ("body with events", f"{MAX_EVENT_BODY // 2**20} MiB"),
        ("body", f"{MAX_BODY // 2**20} MiB"),
        ("bodies above 64 KiB at the same time", str(incoming.LARGE_BODIES)),
        ("connections", f"{connections.MAX_CONNECTIONS:,}"),
    ],
)
def test_limits(what, limit):
    assert next(row[1] for row in ROWS if row[0] == what) == limit


def test_times():
    seconds = {incoming.BODY_SECONDS, connections.HEAD_SECONDS, connections.WRITE_SECONDS}
    [limit] = [row[1] for row in ROWS if row[0].startswith("time for")]
    assert seconds == {float(re.match(r"\d+", limit)[0])}  # type: ignore[index]
