"""The lines that the local collector prints for events."""

from __future__ import annotations

import io
import json
import sys

import pytest

from snowplow_tracker.collector.checks import judge, judge_post
from snowplow_tracker.collector.console import EventFormat, event_line, has_colors

EID = "5f0c2b3e-3d0b-4d64-9c1e-6f2f4b1f9a10"


def test_page_view(payload, event):
    line = event_line(judge(payload, event(aid="shop")), repeated=False)
    assert line == f"good  pv  https://example.com/  aid=shop  eid={EID}"


def test_self_describing_event(payload, event, unstruct, contexts):
    co = contexts("iglu:com.acme/a/jsonschema/1-0-0")
    row = judge(payload, event(e="ue", ue_pr=unstruct(), co=co))
    assert event_line(row, repeated=True) == (
        f"good  ue  thing 1-0-0  contexts=1  eid={EID}  REPEATED eid"
    )


def test_structured_event_and_transactions(payload, event):
    for fields, subject in (
        ({"e": "se", "se_ca": "shop", "se_ac": "buy"}, "shop / buy"),
        ({"e": "tr", "tr_id": "T1"}, "T1"),
        ({"e": "ti", "ti_id": "T1", "ti_sk": "S1"}, "S1"),
    ):
        line = event_line(judge(payload, event(**fields)), repeated=False)
        assert line == f"good  {fields['e']}  {subject}  eid={EID}"


def test_reasons_of_a_bad_one(payload, event):
    line = event_line(judge(payload, event(dtm="x")), repeated=False)
    assert line.startswith("bad   pv  https://example.com/")
    assert line.endswith(": dtm: not an integer number of milliseconds: 'x'")


def test_a_request_without_events(payload):
    (row,) = judge_post(payload, b"{")
    assert event_line(row, repeated=False).startswith("bad   -: body: not JSON")


def test_a_malformed_schema(payload, event, unstruct):
    row = judge(payload, event(e="ue", ue_pr=unstruct("thing")))
    assert event_line(row, repeated=False).startswith("bad   ue  ")


NASTY = "a\nb\r\x1b[2J\u2028\u202e\x00\x9b31m\U000e0001"


@pytest.mark.parametrize("colors", [False, True])
@pytest.mark.parametrize("name", ["line", "json", "full"])
def test_no_format_lets_control_characters_through(payload, event, unstruct, name, colors):
    formats = EventFormat(name, colors)
    row = judge(payload, event(aid=NASTY, e="ue", ue_pr=unstruct(data={NASTY: NASTY}), dtm=NASTY))
    text = formats.event(row, True) + formats.note("note", "full")
    for color in ("0", "31", "33", "1;31"):
        text = text.replace(f"\033[{color}m", "") if colors else text
    assert text.replace("\n", "").isprintable()


def test_json_can_be_read_back(payload, event, unstruct):
    row = judge(payload, event(aid=NASTY, e="ue", ue_pr=unstruct(data={"a": NASTY})))
    (line,) = EventFormat("json").event(row, False).splitlines()
    read = json.loads(line)
    assert (read["status"], read["repeated"], read["errors"]) == ("good", False, [])
    assert read["event"]["app_id"] == NASTY
    assert read["event"]["unstruct_event_com_acme_thing_1"] == {"a": NASTY}
    assert "user_id" not in read["event"]


def test_full_is_the_line_and_the_event(payload, event):
    row = judge(payload, event(aid=NASTY, page="Grüße"))
    line, _, text = EventFormat("full").event(row, False).partition("\n")
    assert line == event_line(row, repeated=False)
    assert json.loads(text)["app_id"] == NASTY
    assert '\n  "page_title": "Grüße"' in text


def test_colors_tell_good_from_bad(payload, event):
    for fields, start in [
        ({}, "\033[32mgood\033[0m  pv"),
        ({"dtm": "x"}, "\033[1;31mbad\033[0m   pv"),
    ]:
        line = event_line(judge(payload, event(**fields)), repeated=False, colors=True)
        assert line.startswith(start)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_a_terminal_has_colors_unless_it_is_told_otherwise(monkeypatch, environment, shown):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_colors(Terminal()) is shown
    assert not has_colors(io.StringIO()) or "FORCE_COLOR" in environment


def test_one_line_without_control_characters(payload, event):
    nasty = "a\nb\r\x1b[2J\u2028\u202e\x00\ud800"
    for fields in ({"aid": nasty}, {"url": nasty, "dtm": nasty}, {"e": nasty}):
        line = event_line(judge(payload, event(**fields)), repeated=False)
        assert line.isprintable()
        assert len(line) < 700


def test_long_values_are_shortened(payload, event):
    row = judge(payload, event(aid="a" * 100_000, e="e" * 100_000, url="u" * 100_000))
    assert len(event_line(row, repeated=False)) < 1_000
