"""The progress line and the summary."""

from __future__ import annotations

import io

import pytest

from snowplow_tracker.bulk import Report
from snowplow_tracker.cli.progress import (
    Progress,
    clock_time,
    progress_text,
    short_count,
    summary,
)

REPORT = Report(
    read=1_250_000, delivered=1_100_000, dead=3, undelivered=149_997, reasons={"invalid": 3}
)


def test_a_line_says_how_far_it_is():
    text = progress_text(REPORT, 312_000, 0.25, 30)
    assert text == (
        "━━━━━━──────────────────  25%  1.25 M read · 1.10 M delivered · 312.0 k/s"
        " · 3 dead · ETA 1:30"
    )


def test_a_line_without_a_known_end():
    assert progress_text(REPORT, 5, None, 3661).endswith("5/s · 3 dead · 1:01:01")


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (9999, "9999"), (10_000, "10.0 k"), (2_500_000, "2.50 M")]
)
def test_counts_are_short(number, text):
    assert short_count(number) == text


def test_times():
    assert [clock_time(each) for each in (0, 59.6, 3600)] == ["0:00", "1:00", "1:00:00"]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_a_terminal_shows_one_line_that_fits_it(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = Progress()
    shown.show(REPORT, 0.5)
    shown.show(REPORT, 0.6)
    shown.clear()
    text = stream.getvalue()
    assert "\n" not in text
    assert text.count("\r\x1b[2K") == 3
    assert text.endswith("\r\x1b[2K")
    line = text.split("\r\x1b[2K")[1]
    for code in ("32", "90", "0", "31"):
        line = line.replace(f"\x1b[{code}m", "")
    assert len(line) == 39


def test_what_is_no_terminal_gets_a_line_at_times(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    now = [0.0]
    monkeypatch.setattr("snowplow_tracker.cli.progress.time.monotonic", lambda: now[0])
    shown = Progress()
    for second in range(70):
        now[0] = float(second)
        shown.show(REPORT, 0.5)
    assert stream.getvalue().count("\n") == 2
    assert "\x1b" not in stream.getvalue()


def test_a_summary_says_the_reasons():
    lines = summary(REPORT).splitlines()
    assert lines[0].startswith("1250000 read, 1100000 delivered, 3 dead, 149997 undelivered")
    assert lines[1] == "  3 invalid"
