"""The lines that the local collector prints for events."""

from __future__ import annotations

from snowplow_tracker.collector.checks import judge, judge_post
from snowplow_tracker.collector.console import event_line

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


def test_one_line_without_control_characters(payload, event):
    nasty = "a\nb\r\x1b[2J\u2028\u202e\x00\ud800"
    for fields in ({"aid": nasty}, {"url": nasty, "dtm": nasty}, {"e": nasty}):
        line = event_line(judge(payload, event(**fields)), repeated=False)
        assert line.isprintable()
        assert len(line) < 700


def test_long_values_are_shortened(payload, event):
    row = judge(payload, event(aid="a" * 100_000, e="e" * 100_000, url="u" * 100_000))
    assert len(event_line(row, repeated=False)) < 1_000
