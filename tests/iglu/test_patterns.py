"""Patterns find what they find in Java: the expected results are from running Iglu's validator."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft4Validator

from snowplow_tracker.iglu.compiled import CompiledSchema
from snowplow_tracker.iglu.patterns import UnsupportedPatternError, translate


def finds(pattern: str, text: str) -> bool:
    return Draft4Validator({"pattern": translate(pattern)}).is_valid(text)


@pytest.mark.parametrize(
    ("pattern", "found", "missing"),
    [
        ("a", ["ba", "a\n"], ["A", ""]),
        ("a$", ["a\n", "ba\r\n", "a\u2028", "a\r"], ["a\n\n", "ab"]),
        ("^(a|b)$", ["a", "b\n"], ["ab", "c"]),
        ("a$|^b", ["ba", "bc"], ["ac"]),
        ("^.$", ["é", "😀"], ["", "\n", "\u0085", "\u2028", "ab"]),
        (r"\d", ["a1"], ["٢", "a"]),
        (r"^\w+$", ["a_1"], ["é", "a-b"]),
        (r"\s", ["a b", "\x0b"], ["\u00a0", "ab"]),
        ("^[a-zA-Z0-9-_.]+$", ["a-b_c.d"], ["a b", "a/b"]),
        (r"^[\w-\.]+$", ["a-b.c"], ["a b"]),
        (r"[^\s@]+@[^\s@]+", ["x@y"], ["@", "x@ y"[:2]]),
        ("(?<=a)b", ["ab"], ["b"]),
        ("(?<!a)b(?!c)", ["b"], ["ab", "bc"]),
        (r"(a)\1", ["aa"], ["ab"]),
        (r"^\p{Alpha}+$", ["ab"], ["é", "1"]),
        (r"^\p{Lu}\P{L}$", ["É1"], ["éa"]),
        ("[a-z&&[^b]]", ["a"], ["b"]),
        ("[a-c&&b-d]", ["c"], ["a", "d"]),
        ("[a[bc]d]", ["c"], ["e"]),
        ("[]a]", ["]"], ["b"]),
        ("[a-]", ["-"], ["b"]),
        (r"[^\W]", ["a"], ["-"]),
        ("(?i)ab[c-e]", ["ABD", "abd"], ["abx"]),
        (r"\Qa.b\E", ["xa.b"], ["aXb"]),
        (r"\x41\u00e9\x{1F600}", ["Aé😀"], ["Aé"]),
        (r"^https?://", ["http://x"], ["ftp://x"]),
        (r"a{2}b{1,}c{0,2}?$", ["aab", "aabcc"], ["ab"]),
        (r"\$\^\/\-\_", ["$^/-_"], ["$"]),
        (r"\Aa\Z", ["a\n"], ["ba"]),
        (r"a\z", ["a"], ["a\n"]),
    ],
)
def test_what_a_pattern_finds(pattern, found, missing):
    assert [text for text in found if not finds(pattern, text)] == []
    assert [text for text in missing if finds(pattern, text)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "(a",
        "a)",
        "*a",
        "a**",
        "{",
        "a{,3}",
        "[a",
        "[b-a]",
        "[]",
        "\\",
        r"\N",
        r"a\u12",
        "a++",
        "(?>a)",
        "(?x)a",
        "a(?i)b",
        r"\X",
        r"\R",
        r"\G",
        r"[a-\d]",
        r"\p{Foo}",
        r"\p{}",
    ],
)
def test_what_is_not_supported_is_left_unchecked_and_noted(pattern):
    with pytest.raises(UnsupportedPatternError):
        translate(pattern)
    compiled = CompiledSchema({"properties": {"a": {"pattern": pattern, "maxLength": 3}}})
    assert compiled.issues == []
    assert compiled.check({"a": "zzz"}) == []
    assert [report.keyword for report in compiled.check({"a": "zzzz"})] == ["maxLength"]
    assert len(compiled.notes) == 1
    assert compiled.notes[0].startswith(f"pattern {pattern!r}: ")


def test_a_pattern_for_names_that_is_not_supported_allows_no_names():
    compiled = CompiledSchema({"patternProperties": {"a++": {}}, "additionalProperties": False})
    assert len(compiled.notes) == 1
    assert [report.targets for report in compiled.check({"aa": 1})] == [("aa",)]


@given(st.text(max_size=8))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_translated_or_refused(pattern):
    try:
        translated = translate(pattern)
    except UnsupportedPatternError:
        return
    Draft4Validator({"pattern": translated})


@given(st.text(min_size=1, max_size=8), st.text(max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_escaped_text_finds_itself(text, around):
    assert finds(re.sub(r"(\W)", r"\\\1", text, flags=re.ASCII), around + text + around)
