"""Which events the local collector accepts, and the errors of the others."""

from __future__ import annotations

import json

import pytest

from snowplow_tracker._canonical_event import PAYLOAD_DATA_KEYS
from snowplow_tracker.collector.checks import judge, judge_get, judge_post

SCHEMA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"

GOOD_FIELDS = [
    *[
        {"p": platform}
        for platform in ("pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset")
    ],
    {"e": "pp", "url": None, "pp_mix": "0", "pp_max": "-3", "pp_miy": "7", "pp_may": "2147483647"},
    {"e": "se", "se_ca": "c", "se_ac": "a", "se_va": "-1.5e3", "se_la": "x" * 4096},
    {"e": "tr", "tr_id": "1", "tr_tt": "10", "tr_tx": ".5", "tr_sh": "1.", "tr_cu": "EUR"},
    {"e": "ti", "ti_id": "1", "ti_sk": "s", "ti_pr": "9.99", "ti_qu": "2", "ti_cu": "EUR"},
    {"eid": "5F0C2B3E-3D0B-4D64-9C1E-6F2F4B1F9A10"},
    {"dtm": "0", "stm": "253402300799999", "ttm": "-1"},
    {"tv": "t" * 100, "tna": "n" * 128, "aid": "a" * 255, "cd": "1" * 12},
    {"uid": "u" * 255, "duid": "d" * 128, "ua": "u" * 1000, "ip": "i" * 128},
    {"sid": "6d6f4b3e-3d0b-4d64-9c1e-6f2f4b1f9a10", "vid": "3", "tnuid": "n"},
    {"res": "1920x1080", "vp": "1x1", "ds": "0x0", "cookie": "1", "f_pdf": "0"},
    {"page": "p" * 2000, "refr": "https://example.com/" + "r" * 5999},
    {"url": f"https://a.example/{'p' * 2999}?{'q' * 6000}#{'f' * 980}"},
    {"url": "https://user@example.com:8080/p?q=1#f", "lang": "en-GB", "tz": "Europe/Paris"},
    {"page": "Ünïcödé 😀\n"},
]

BAD_FIELDS = [
    ({"e": "zz"}, "e: not one of"),
    ({"e": None}, "e: missing"),
    ({"p": "toaster"}, "p: not one of"),
    ({"p": None}, "p: missing"),
    ({"tv": None}, "tv: missing"),
    ({"tv": "t" * 101}, "tv: longer than 100"),
    ({"eid": None}, "eid: missing"),
    ({"eid": ""}, "eid: not a UUID"),
    ({"eid": "5f0c2b3e3d0b4d649c1e6f2f4b1f9a10"}, "eid: not a UUID"),
    ({"sid": "1"}, "sid: not a UUID"),
    ({"dtm": ""}, "dtm: not an integer"),
    ({"stm": "1790000000.5"}, "stm: not an integer"),
    ({"ttm": "soon"}, "ttm: not an integer"),
    ({"ttm": "253402300800000"}, "ttm: not between"),
    ({"dtm": "9" * 5000}, "dtm: not an integer"),
    ({"tna": "n" * 129}, "tna: longer than 128"),
    ({"aid": "a" * 256}, "aid: longer than 255"),
    ({"uid": "u" * 256}, "uid: longer than 255"),
    ({"duid": "d" * 129}, "duid: longer than 128"),
    ({"tnuid": "n" * 129}, "tnuid: longer than 128"),
    ({"ua": "u" * 1001}, "ua: longer than 1,000"),
    ({"ip": "i" * 129}, "ip: longer than 128"),
    ({"cd": "1" * 13}, "cd: longer than 12"),
    ({"lang": "l" * 256}, "lang: longer than 255"),
    ({"tz": "t" * 256}, "tz: longer than 255"),
    ({"vid": "1.0"}, "vid: not an integer"),
    ({"vid": "2147483648"}, "vid: not an integer"),
    ({"tid": "x"}, "tid: not an integer"),
    ({"res": "1920"}, "res: not WIDTHxHEIGHT"),
    ({"vp": "1.5x2"}, "vp: not WIDTHxHEIGHT"),
    ({"ds": "-1x2"}, "ds: not WIDTHxHEIGHT"),
    ({"cookie": "yes"}, "cookie: neither 0 nor 1"),
    ({"url": None}, "url: missing"),
    ({"url": ""}, "url: missing"),
    ({"url": "http://[bad"}, "url: not a URL"),
    ({"url": "https://a.example/?" + "q" * 6001}, "url: query longer than 6,000"),
    ({"url": "https://a.example/" + "p" * 3000}, "url: path longer than 3,000"),
    ({"url": "https://a.example/#" + "f" * 3001}, "url: fragment longer than 3,000"),
    ({"url": f"https://{'h' * 256}/"}, "url: hostname longer than 255"),
    ({"url": "s" * 17 + "://h/"}, "url: scheme longer than 16"),
    (
        {"url": f"https://a.example/{'p' * 2000}?{'q' * 6000}#{'f' * 2000}"},
        "url: longer than 10,000",
    ),
    ({"refr": "https://a.example/" + "p" * 6000}, "refr: path longer than 6,000"),
    ({"refr": "http://[bad"}, "refr: not a URL"),
    ({"page": "p" * 2001}, "page: longer than 2,000"),
    ({"e": "pp", "pp_mix": "1.5"}, "pp_mix: not an integer"),
    ({"e": "pp", "pp_may": "x"}, "pp_may: not an integer"),
    ({"e": "se", "se_ac": "a"}, "se_ca: missing"),
    ({"e": "se", "se_ca": "c", "se_ac": ""}, "se_ac: missing"),
    ({"e": "se", "se_ca": "c", "se_ac": "a", "se_va": ""}, "se_va: not a number"),
    ({"e": "se", "se_ca": "c", "se_ac": "a", "se_va": "NaN"}, "se_va: not a number"),
    ({"e": "se", "se_ca": "c", "se_ac": "a", "se_va": "1e999"}, "se_va: not a number"),
    ({"e": "se", "se_ca": "c" * 1001, "se_ac": "a"}, "se_ca: longer than 1,000"),
    ({"e": "se", "se_ca": "c", "se_ac": "a", "se_la": "l" * 4097}, "se_la: longer than 4,096"),
    ({"e": "tr", "tr_id": "1", "tr_tt": "ten"}, "tr_tt: not a number"),
    ({"e": "tr", "tr_id": "1", "tr_cu": "EURO"}, "tr_cu: longer than 3"),
    ({"e": "tr"}, "tr_id: missing"),
    ({"e": "ti", "ti_id": "1", "ti_sk": "s", "ti_qu": "2.0"}, "ti_qu: not an integer"),
    ({"e": "ti", "ti_id": "1", "ti_sk": "s", "ti_pr": "9,99"}, "ti_pr: not a number"),
    ({"e": "ti", "ti_id": "1"}, "ti_sk: missing"),
    ({"e": "ue"}, "ue_px: missing"),
]


@pytest.mark.parametrize("changes", GOOD_FIELDS)
def test_good_fields(payload, event, changes):
    assert judge(payload, event(**changes)).errors == ()


@pytest.mark.parametrize(("changes", "reason"), BAD_FIELDS)
def test_bad_fields(payload, event, changes, reason):
    errors = judge(payload, event(**changes)).errors
    assert [error for error in errors if error.startswith(reason)], errors


def test_every_fault_of_an_event_is_told(payload, event):
    errors = judge(payload, event(dtm="x", vid="y", url=None)).errors
    assert sorted(error.split(":")[0] for error in errors) == ["dtm", "url", "vid"]


def test_a_long_value_is_told_short(payload, event):
    (error,) = judge(payload, event(aid="a" * 100_000)).errors
    assert len(error) < 200


@pytest.mark.parametrize("name", ["ue_pr", "ue_px"])
def test_good_self_describing_event(payload, event, unstruct, b64, name):
    text = unstruct() if name == "ue_pr" else b64(unstruct())
    row = judge(payload, event(e="ue", **{name: text}))
    assert row.errors == ()
    assert row.schema == "iglu:com.acme/thing/jsonschema/1-0-0"


def test_base64_without_padding_is_good(payload, event, unstruct, b64):
    texts = [b64(unstruct(data={"id": "x" * n})).rstrip("=") for n in range(3)]
    assert all(not judge(payload, event(e="ue", ue_px=text)).errors for text in texts)


def test_good_contexts(payload, event, contexts, b64):
    schemas = ("iglu:com.acme/a/jsonschema/1-0-0", "iglu:com.acme/b/jsonschema/2-10-3")
    for fields in ({"co": contexts(*schemas)}, {"cx": b64(contexts(*schemas))}):
        row = judge(payload, event(**fields))
        assert (row.errors, row.contexts) == ((), schemas)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"schema":"iglu:x","data":{}}', "expected unstruct_event"),
        ('{"data":{}}', "has no schema"),
        ("\ufeff{}", "byte order mark"),
        ("[" * 100_000, "nested more than 40"),
        (f'{{"a":{"9" * 5000}}}', "not JSON"),
    ],
)
def test_bad_self_describing_text(payload, event, b64, text, reason):
    for name, sent in (("ue_pr", text), ("ue_px", b64(text)), ("co", text), ("cx", b64(text))):
        errors = judge(payload, event(**{name: sent})).errors
        expected = reason.replace("unstruct_event", "contexts" if "c" in name else "unstruct_event")
        assert [e for e in errors if e.startswith(f"{name}: ") and expected in e], errors


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_has_not(payload, event, unstruct, b64, number):
    text = unstruct(data={"x": 12345}).replace("12345", number)
    (error,) = judge(payload, event(e="ue", ue_px=b64(text))).errors
    assert error.startswith("ue_px: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("****", "not base64"), ("a+b/", "not URL-safe"), ("_w==", "not UTF-8"), ("é", "not base64")],
)
def test_bad_base64(payload, event, text, reason):
    (error,) = judge(payload, event(cx=text)).errors
    assert reason in error


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("iglu:com.acme/thing/jsonschema/1-0-0", True),
        ("iglu:com.acme/thing_2-x/jsonschema/12-3-4", True),
        ("com.acme/thing/jsonschema/1-0-0", False),
        ("iglu:com.acme/thing/jsonschema/1-0", False),
        ("iglu:com.acme/thing/1-0-0", False),
        ("iglu:com.acme/thing/jsonschema/0-0-0", False),
        ("iglu:com.acme/thing/jsonschema/1-0-0\n", False),
    ],
)
def test_schema_uris(payload, event, unstruct, contexts, uri, good):
    for fields in ({"e": "ue", "ue_pr": unstruct(uri)}, {"co": contexts(uri)}):
        assert (judge(payload, event(**fields)).errors == ()) is good


def test_nesting_limit(payload, event, unstruct):
    # The envelope, the event and its data object are three levels more.
    good, bad = (unstruct(data={"x": json.loads("[" * n + "]" * n)}) for n in (37, 38))
    assert judge(payload, event(e="ue", ue_pr=good)).errors == ()
    assert judge(payload, event(e="ue", ue_pr=bad)).errors == ("ue_pr: nested more than 40 levels",)


def test_one_bad_context_spoils_the_event(payload, event, contexts):
    text = contexts("iglu:com.acme/a/jsonschema/1-0-0").replace('"data": {}', '"data": {}, "x": 1')
    (error,) = judge(payload, event(co=text)).errors
    assert "context 1" in error
    assert "'x'" in error


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"[]", "not a JSON object"),
        (b'{"data":[]}', "no schema"),
        (json.dumps({"schema": SCHEMA}).encode(), "no data"),
        (json.dumps({"schema": SCHEMA, "data": []}).encode(), "at least one"),
        (json.dumps({"schema": SCHEMA, "data": {"e": "pv"}}).encode(), "not a list"),
        (json.dumps({"schema": SCHEMA.replace("1-0-4", "2-0-0"), "data": [1]}).encode(), "2-0-0"),
        (json.dumps({"schema": SCHEMA, "data": [{"e": float("nan")}]}).encode(), "NaN"),
        (json.dumps({"schema": SCHEMA, "data": [{"e": float("-inf")}]}).encode(), "-Infinity"),
        (b"[" * 500_000, "nested"),
    ],
)
def test_bodies_of_which_no_event_is_read(payload, body, reason):
    (row,) = judge_post(payload, body)
    assert row.parameters is None
    assert reason in row.errors[0]


def test_every_known_key_is_accepted(payload, event, batch):
    unchecked = dict.fromkeys(PAYLOAD_DATA_KEYS, "1") | {
        **event(),
        "sid": event()["eid"],
        "res": "1x1",
        "vp": "1x1",
        "ds": "1x1",
        "ue_px": "",
        "ue_pr": "",
        "cx": "",
        "co": "",
    }
    (row,) = judge_post(payload, batch(unchecked))
    assert row.errors == ()


@pytest.mark.parametrize(
    ("culprit", "reason"),
    [
        ({"extra": "x"}, "extra: unknown key"),
        ({"vid": 3}, "vid: not a string but int"),
        ({"url": None}, "url: not a string but NoneType"),
        ({"tv": ...}, "tv: missing"),
        ({"e": ...}, "e: missing"),
        ({"p": ...}, "p: missing"),
    ],
)
def test_one_event_spoils_all_of_its_post(payload, event, batch, culprit, reason):
    spoiler = {key: value for key, value in {**event(), **culprit}.items() if value is not ...}
    rows = list(judge_post(payload, batch(event(), spoiler, event())))
    assert [row.errors[0].startswith(reason) for row in rows] == [False, True, False]
    assert [reason in row.errors[0] and "event 2" in row.errors[0] for row in rows] == [1, 0, 1]
    assert rows[1].parameters == spoiler


def test_an_entry_that_is_no_object_spoils_all(payload, event, batch):
    rows = list(judge_post(payload, batch(event(), 7)))
    assert [row.parameters is None for row in rows] == [False, True]
    assert all(row.errors for row in rows)


def test_a_bad_field_costs_only_its_own_event(payload, event, batch):
    rows = list(judge_post(payload, batch(event(), event(dtm="x"), event())))
    assert [bool(row.errors) for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"", "empty"),
        (b"e=pv|", "percent-encode"),
        (b"e=%zz", "percent-encode"),
        (b"e=p v", "percent-encode"),
    ],
)
def test_bad_queries(payload, query, reason):
    assert reason in judge_get(payload, query).errors[0]


def test_good_query(payload):
    row = judge_get(
        payload,
        b"e=pv&p=web&tv=x&eid=5f0c2b3e-3d0b-4d64-9c1e-6f2f4b1f9a10&url=http%3A%2F%2Fa%2F&page=a+b",
    )
    assert row.errors == ()
    assert row.parameters is not None
    assert row.parameters["page"] == "a b"
