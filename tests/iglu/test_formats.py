"""Formats, checked as Iglu's validator checks them: the expected verdicts are from running it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowplow_tracker.iglu.compiled import CompiledSchema
from snowplow_tracker.iglu.formats import FORMATS

if TYPE_CHECKING:
    from ipaddress import IPv6Address
    from uuid import UUID

DAY = "2020-01-02"
CASES = {
    "date-time": (
        [
            *(
                f"{DAY}T12:00:00{end}"
                for end in ("Z", "z", "+18:00", "-18:00", ".Z", ".123456789Z")
            ),
            *(f"{DAY} 12:00:00Z", f"{DAY}t12:00:00+00:00", "0000-01-01T00:00:00Z"),
            *("2016-12-31T23:59:60Z", "2016-12-31T18:59:60-05:00", "1972-06-30T23:59:60.5Z"),
            "2000-02-29T00:00:00Z",
            f"{DAY}T12:00:00+03x00",
        ],
        [
            *(f"{DAY}T12:00:00{end}" for end in ("", "-00:00", "+18:01", "+0000", ".1234567891Z")),
            *(f"{DAY}T24:00:00Z", f"{DAY}T12:60:00Z", f"{DAY}T23:59:60Z", f"{DAY}T12:00Z", DAY),
            *("2017-01-01T00:59:60+01:00", "2030-12-31T23:59:60Z", "2021-02-29T00:00:00Z"),
            *("2016-12-31T23:59:61Z", f"{DAY}T12:00:00+01:60", f"{DAY}T12:00:00Z\n", "b"),
            "٢020-01-02T12:00:00Z",
        ],
    ),
    "date": (
        [
            DAY,
            "+12026-01-01",
            "-0001-01-01",
            "0000-02-29",
            "+999999999-01-01",
            "-00001-01-01",
            "+0000000001-01-01",
        ],
        [
            "2020-02-30",
            "20200102",
            "12026-01-01",
            "-0000-01-01",
            "+2020-01-01",
            "-00000-01-01",
            "+1000000000-01-01",
            "",
            f"{DAY}\n",
        ],
    ),
    "time": (["25:99:99", "12:00:00.1"], ["12:00", "12:00:00Z", "12:00:00.", "12:00:00\n"]),
    "duration": (
        ["P1D", "P1DT", "-P1D", "P1WT1H", "P1Y2W", "PT1.5S", "P1Y2M3DT4H5M6S"],
        ["P", "PT", "P1.5D", "P1W2D", "+P1D", "p1d", "PT.5S", "P1D\n"],
    ),
    "uuid": (
        ["12345678-1234-1234-1234-123456789ABC"],
        ["12345678123412341234123456789abc", "{12345678-1234-1234-1234-123456789abc}", "1-1-1-1-1"],
    ),
    "email": (
        [
            *("a@b.com", " a@b.com\n", "é@c.com", "a@é.com", "a@b.рф", "a@b.xn--p1ai", "a@B.Com"),
            *('"a b"@c.com', 'a."b"@c.com', "a@[1.2.3.4]", "a@[::1]", f"{'a' * 64}@b.com"),
            *("a\\b@c.com", "!#$%&'*+/=?^_`{|}~-@c.com"),
        ],
        [
            *(
                "a@localhost",
                "a@b",
                "a@b.notatld",
                "a@b.com.",
                ".a@c.com",
                "a..b@c.com",
                "a b@c.com",
            ),
            *(f"{'a' * 65}@b.com", "a@[1.2.3]", "a@1.2.3.4", "a@-b.com", "a@b_c.com", "a@b@c.com"),
            *("Name <a@b.com>", "a@例え.テスト", "", "a@", "@b.com"),
        ],
    ),
    "hostname": (
        ["a", "A1.b", "xn--abc", "1.2.3.4", "a" * 63],
        ["a.", "-a", "a-", "a_b", "a" * 64, "a..b", "é", "", "a\n"],
    ),
    "ipv4": (["1.2.3.4", "0.0.0.0"], ["01.2.3.4", "256.1.1.1", "1.2.3", "1.2.3.4\n"]),
    "ip-address": (["01.2.3.4", "001.2.3.4"], ["256.1.1.1", "1.2.3"]),
    "ipv6": (
        ["::", "::1", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:1.2.3.4", "::ffff:1.2.3.4"],
        [" ::1", "::1 ", "fe80::1%eth0", "1:::2", "::01.2.3.4", "12345::", "::1/64", ""],
    ),
    "uri": (
        [
            "a:b",
            "a:",
            "http://[::1]/",
            "HTTP://A",
            "a:%zz",
            "http://a?b?c",
            "a://u:p@h:99x",
            "http:/a?-?c",
        ],
        [
            *("example.com", "a:b c", "http://a/[b", "http://a#b#c", "http://é", "//a", "a:\\"),
            "1a:b",
        ],
    ),
    "color": (["#fff", "fff", "red", "rgb(1, 2,3)", "rgb(1%,2%,100%)"], ["#ff", "RED", "#fffffff"]),
    "phone": (["+1234567", "+1 2 3 4 5 6 7"], ["+123456", "+1234567890123456", "1234567"]),
    "alpha": (["abc"], ["é", "", "a1"]),
    "alphanumeric": (["abc1"], ["", "a b"]),
    "utc-millisec": (["1", "1.5"], ["1.", "-1", "1e5"]),
    "style": (["a: b;", "a:b;c:d"], ["a", "a:", ":b", "\na:b;;"]),
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, (good, _) in CASES.items() for text in good]
)
def test_accepted(name, text):
    assert CompiledSchema({"format": name}).check(text) == []


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, (_, bad) in CASES.items() for text in bad]
)
def test_refused(name, text):
    [report] = CompiledSchema({"format": name}).check(text)
    expected = {"date-time": "dateTime", "date": "dateTime", "uuid": "uuid"}.get(name, "format")
    assert (report.keyword, report.path) == (expected, "$")
    assert name in report.targets


def test_each_format_has_cases():
    assert CASES.keys() == FORMATS.keys()


@pytest.mark.parametrize(
    "name", ["regex", "uri-reference", "iri", "json-pointer", "strict-uri", "idn-email", "own"]
)
def test_other_formats_are_not_checked(name):
    assert CompiledSchema({"format": name}).check("%% \u00e9 (") == []


@pytest.mark.parametrize("value", [5, None, True, [], {}])
def test_only_strings_have_formats(value):
    for name in FORMATS:
        assert CompiledSchema({"format": name}).check(value) == []


offsets = st.integers(-18 * 60, 18 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=offsets))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_python_writes_as_a_time_is_one(moment: datetime):
    assert FORMATS["date-time"].accepts(moment.isoformat())
    assert FORMATS["date"].accepts(moment.date().isoformat())


@given(st.uuids(), st.ip_addresses(v=6), st.ip_addresses(v=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_python_writes_as_an_identifier_or_address_is_one(uuid: UUID, v6: IPv6Address, v4):
    assert FORMATS["uuid"].accepts(str(uuid))
    assert FORMATS["ipv6"].accepts(str(v6))
    assert FORMATS["ipv6"].accepts(v6.exploded)
    assert FORMATS["ipv4"].accepts(str(v4))
    assert not FORMATS["ipv4"].accepts(str(v6))


@given(st.text())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_raises(text):
    for known in FORMATS.values():
        assert known.accepts(text) in {True, False}
        assert known.accepts(text + "@" + text + ".com") in {True, False}
