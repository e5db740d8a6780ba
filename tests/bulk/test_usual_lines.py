"""Lines that are encoded natively become the same events, at the same places, as one by one."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowplow_tracker import Subject
from snowplow_tracker._canonical_event import UUID
from snowplow_tracker._native import LineEncoder, RecordBuffer
from snowplow_tracker.bulk import records as records_module
from snowplow_tracker.bulk.errors import RecordError, UnreadableError
from snowplow_tracker.bulk.inputs import ndjson, open_input
from snowplow_tracker.bulk.records import RecordEncoder
from snowplow_tracker.bulk.subjects import SUBJECT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker._native import EncodedLines

ORDER = "iglu:com.acme/order/jsonschema/1-0-0"
USER = "iglu:com.acme/user/jsonschema/2-0-1"
ID = "0A000000-0000-4000-8000-00000000000f"
NEW_ID, NOW = "new id", "now"

SETTINGS: list[dict[str, Any]] = [
    {"namespace": "bulk", "app_id": "shop"},
    {"encode_base64": False, "subject": Subject().set_user_id("someone").set_lang("de")},
    {"new_ids": True, "platform": "app"},
]


# --- what lines become


def stored(lines: EncodedLines) -> list[dict[str, str]]:
    buffer = RecordBuffer(1_000_000)
    lines.store(buffer, 0, len(lines))
    batch = buffer.take(1_000_000, 1 << 40)
    return batch.events() if batch else []


def outcomes(content: bytes, encoder: RecordEncoder, lines: LineEncoder | None) -> Iterator[Any]:
    """Yield the place of each record, and its payload or what is wrong with it."""
    with open_input(io.BytesIO(content)) as source:
        for item in source.items(lines):
            if not isinstance(item, tuple):
                yield from zip(map(item.place, range(len(item))), stored(item), strict=True)
                continue
            line, offset, record = item
            if isinstance(record, UnreadableError):
                yield (line, offset), (str(record), record.text)
                continue
            try:
                (payload,) = encoder.encode_all(record)
                yield (line, offset), payload
            except RecordError as error:
                yield (line, offset), (str(error), record)


def assert_equal(content: bytes, **settings: Any) -> None:
    encoder = RecordEncoder(**settings)
    began = int(time.time() * 1000)
    fast = list(outcomes(content, encoder, encoder.line_encoder()))
    ended = int(time.time() * 1000)
    slow = list(outcomes(content, encoder, None))
    for (_, got), (_, expected) in zip(fast, slow, strict=True):
        if isinstance(got, dict) and isinstance(expected, dict):
            if expected["eid"] == NEW_ID and UUID.fullmatch(got["eid"]):
                got["eid"] = NEW_ID
            if expected["dtm"] == NOW and got["dtm"] != NOW and began <= int(got["dtm"]) <= ended:
                got["dtm"] = NOW
    assert repr(sorted_fields(fast)) == repr(sorted_fields(slow))


def sorted_fields(found: list[Any]) -> list[Any]:
    return [
        (place, sorted(what.items()) if isinstance(what, dict) else what) for place, what in found
    ]


@pytest.fixture(autouse=True, scope="module")
def known_ids() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "_new_id", lambda: NEW_ID)
        patch.setattr(records_module, "_now", lambda: NOW)
        yield


# --- lines


@st.composite
def mostly(draw: st.DrawFn, usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> Any:
    """Return something usual, and now and then something odd."""
    return draw(odd if draw(st.integers(0, 19)) == 19 else usual)


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -0.0, 0.1, 1e22, 2**63, 2**64 - 1, 2**64, -(2**63) - 1]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8), st.just("\ud83d"))
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
VALUES = st.one_of(st.text(max_size=6), st.integers(-(2**40), 2**40), st.floats(-1e6, 1e6))
DATA = mostly(
    st.dictionaries(st.text(max_size=6), mostly(VALUES, ANY), max_size=5),
    ANY,
)
SCHEMAS = mostly(
    st.sampled_from([ORDER, USER]),
    st.sampled_from(["iglu:com.acme/contexts/jsonschema/1-0-0", "iglu:a/b/c/1-0", "", None, 1]),
)
ENTITY = mostly(
    st.fixed_dictionaries({"schema": SCHEMAS, "data": DATA}),
    st.fixed_dictionaries({"data": DATA}, optional={"schema": SCHEMAS, "more": ANY}),
)
ENTITIES = mostly(st.lists(ENTITY, max_size=3) | st.none(), ANY)
TEXT = mostly(st.text(max_size=10), st.sampled_from(["", 'a"\\b\n', "\u2028"]) | SCALARS)
TIMES = mostly(
    st.sampled_from(
        [
            *(1_714_550_400_123, 100_000_000_000, 253_402_300_799_999, "", None),
            *("2024-05-01T08:30:00Z", "2024-02-29 08:30:00.1234567", "2024-05-01T08:30:00.5-02:30"),
            "1969-12-31T23:59:59.9999",
        ]
    ),
    st.sampled_from(
        [
            *(1_714_550_400, 1.5e12, "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"),
            *("2023-02-29T00:00:00", "2024-05-01", "2024-05-01T24:00:00", "yesterday"),
        ]
    )
    | ANY,
)
SUBJECTS = mostly(
    st.dictionaries(st.sampled_from([*SUBJECT_FIELDS]), TEXT, max_size=3) | st.none(),
    st.dictionaries(st.sampled_from([*SUBJECT_FIELDS, "color"]), TEXT) | ANY,
)
IDS = mostly(
    st.sampled_from([ID, ID.lower(), None]),
    st.sampled_from([ID.replace("-", ""), "order-1", ""]) | ANY,
)
COMMON: dict[str, Any] = {
    "event_id": IDS,
    "true_timestamp": TIMES,
    "created_timestamp": TIMES,
    "app_id": TEXT,
    "platform": TEXT,
    "subject": SUBJECTS,
    "entities": ENTITIES,
}
STRUCT = ("label", "property", "value")
PAGE = ("page_title", "referrer")
NAMES = st.sampled_from(["struct", "page_view", "page_ping", "unstruct"])
RECORDS = st.one_of(
    st.fixed_dictionaries({"schema": SCHEMAS, "data": DATA}, optional=COMMON),
    st.fixed_dictionaries(
        {"event": st.just("struct"), "category": TEXT, "action": TEXT},
        optional={**dict.fromkeys(STRUCT, TEXT), **COMMON},
    ),
    st.fixed_dictionaries(
        {"event": st.just("page_view"), "page_url": TEXT},
        optional={**dict.fromkeys(PAGE, TEXT), **COMMON},
    ),
    st.fixed_dictionaries(
        {"event": NAMES},
        optional={
            **dict.fromkeys((*STRUCT, *PAGE, "category", "action", "min_x", "max_y"), TEXT),
            **COMMON,
            "schema": SCHEMAS,
            "data": DATA,
            "contexts": ENTITIES,
            "color": ANY,
        },
    ),
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Return the line of a record, often with something odd in it."""
    members = list(draw(RECORDS).items())
    if draw(st.booleans()):
        members = draw(st.permutations(members))
    if draw(st.booleans()):
        members = [("contexts" if key == "entities" else key, value) for key, value in members]
    if draw(st.integers(0, 19)) == 19:
        members.append((draw(st.sampled_from([key for key, _ in members])), draw(ANY)))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))
    dump = json.JSONEncoder(
        ensure_ascii=draw(st.booleans()), separators=separators, sort_keys=draw(st.booleans())
    ).encode
    text = separators[0].join(f"{dump(key)}{separators[1]}{dump(value)}" for key, value in members)
    line = ("{" + text + "}").encode("utf-8", "surrogatepass")
    oddity = draw(st.integers(0, 19))
    if oddity == 18:
        at = draw(st.integers(0, len(line)))
        odd = draw(
            st.sampled_from([b"", b"\xff", b"\xef\xbb\xbf", b"\r", b"\x00", b'"', b"}", b"1"])
        )
        line = line[:at] + odd + line[at + draw(st.integers(0, 2)) :]
    elif oddity == 19:
        odd = draw(st.sampled_from([b"NaN", b"1e400", b"-0", b"01", b"1E5", b"1.50", b"9" * 5000]))
        line = line.replace(b"null", odd, 1)
    return line


ODD_LINES = st.sampled_from([b"", b" \t", b"{}", b"[1]", b"null", b"{", b"\x0c", b"[" * 300])
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n"])
FILES = st.lists(st.tuples(st.one_of(lines(), lines(), ODD_LINES), ENDS), max_size=6)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES, st.booleans(), st.sampled_from(SETTINGS))
def test_lines_mean_the_same_however_they_are_read(file, ends_with_line_end, setting):
    content = b"".join(line + end for line, end in file)
    assert_equal(content if ends_with_line_end else content.rstrip(b"\r\n"), **setting)


# --- the usual line


def usual(**members: Any) -> dict[str, Any]:
    return {"schema": ORDER, "data": {"id": 1, "total": 9.95}, **members}


USUAL: list[dict[str, Any]] = [
    usual(),
    usual(data={"ü": [None, True, {"a": "\U0001f600\n"}], "b": {}, "c": []}),
    usual(entities=[{"schema": USER, "data": {"id": "u"}}, {"data": {}, "schema": USER}]),
    usual(contexts=[], event_id=ID, true_timestamp=1_714_550_400_123, created_timestamp=None),
    usual(true_timestamp="2024-05-01T08:30:00.123Z", created_timestamp="2024-05-01 08:30:00+02:00"),
    usual(
        subject={"user_id": "u", "ip": "1.2.3.4", "vid": 3, "res": None}, app_id="x", platform=""
    ),
    usual(event="unstruct", entities=None, subject=None, event_id=None),
    {"event": "page_view", "page_url": "https://acme.com", "page_title": "ä", "referrer": None},
    {"event": "page_ping", "page_url": "https://acme.com", "min_x": 1, "max_x": 20},
    {
        "event": "struct",
        "category": "c",
        "action": "a",
        "label": "l",
        "property": "p",
        "value": 1.5,
    },
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_usual_lines_are_encoded_together(setting):
    encoder = RecordEncoder(**setting)
    content = b"".join(json.dumps(record).encode() + b"\n" for record in USUAL)
    with open_input(io.BytesIO(content)) as source:
        (run,) = source.items(encoder.line_encoder())
    assert not isinstance(run, tuple)
    assert (len(run), run.last_line, run.end_offset) == (len(USUAL), len(USUAL), len(content))
    assert_equal(content, **setting)


@pytest.mark.parametrize("key", sorted(SUBJECT_FIELDS))
def test_each_property_of_a_subject_is_usual(key):
    content = json.dumps(usual(subject={key: "x"})).encode()
    encoder = RecordEncoder().line_encoder()
    assert encoder is not None
    assert len(encoder.encode(content, 0, 10, 0, 0)) == 1
    assert_equal(content)


def test_a_line_that_is_not_usual_is_an_item_of_its_own():
    kinds = []
    unusual = {**usual(), "event_id": "order-1"}
    content = b"".join(json.dumps(each).encode() + b"\n" for each in [*USUAL, unusual, *USUAL])
    with open_input(io.BytesIO(content)) as source:
        kinds = [type(item).__name__ for item in source.items(RecordEncoder().line_encoder())]
    assert kinds == ["EncodedLines", "tuple", "EncodedLines"]


def test_files_without_usual_lines_are_seldom_tried():
    calls = []

    class Counting:
        def __init__(self, encoder: Any) -> None:
            self.encoder = encoder

        def encode(self, *arguments: Any) -> Any:
            calls.append(arguments)
            return self.encoder.encode(*arguments)

    content = b'{"e": "pv", "p": "web"}\n' * 2_000
    with open_input(io.BytesIO(content)) as source:
        items = list(source.items(Counting(RecordEncoder().line_encoder())))  # type: ignore[arg-type]
    assert len(items) == 2_000
    assert len(calls) < 30


@pytest.mark.parametrize("block", [1, 7, 100, 5_000])
def test_lines_may_be_in_several_blocks(monkeypatch, block):
    monkeypatch.setattr(ndjson, "_BLOCK", block)
    monkeypatch.setattr(ndjson, "_MAX_RUN", 3)
    content = b"\r\n".join(json.dumps(record).encode() for record in USUAL * 3)
    assert_equal(content)


@pytest.mark.parametrize(
    "setting",
    [
        {"id_from": "data.id"},
        {"time_from": "data.time"},
        {"user_id_from": "data.user"},
        {"schema": ORDER},
    ],
)
def test_what_takes_values_from_the_record_makes_no_line_usual(setting):
    assert RecordEncoder(**setting).line_encoder() is None


def test_a_replaced_uuid4_gives_the_ids(monkeypatch):
    encoder = RecordEncoder().line_encoder()
    assert encoder is not None
    content = json.dumps(usual()).encode()
    assert len(encoder.encode(content, 0, 10, 0, 0)) == 1
    monkeypatch.setattr("uuid.uuid4", lambda: ID)
    assert len(encoder.encode(content, 0, 10, 0, 0)) == 0


def test_base_fields_that_have_no_utf8_leave_no_line_usual():
    encoder = LineEncoder({"p": "srv", "x": "\ud83d"}, True, False)
    assert len(encoder.encode(json.dumps(usual()).encode(), 0, 10, 0, 0)) == 0


def test_a_place_is_that_of_a_record():
    encoder = RecordEncoder().line_encoder()
    assert encoder is not None
    line = json.dumps(usual()).encode() + b"\n"
    run = encoder.encode(b"skipped" + line + b"\n" + line, 7, 10, 100, 1_000)
    assert [run.place(index) for index in range(2)] == [
        (101, 1_000 + len(line)),
        (103, 1_001 + 2 * len(line)),
    ]
    with pytest.raises(IndexError):
        run.place(2)
    assert len(stored(run)) == 2
    assert stored(run) == []
