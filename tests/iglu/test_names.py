"""URIs of schemas, and criteria."""

from __future__ import annotations

import pytest

from snowplow_tracker.iglu import SchemaCriterion, SchemaKey


def test_a_uri_has_four_parts():
    key = SchemaKey.parse("iglu:com.acme-x_1.y/view_product/jsonschema/2-10-3")
    assert key == ("com.acme-x_1.y", "view_product", "jsonschema", "2-10-3")
    assert key.numbers == (2, 10, 3)
    assert key.uri == str(key) == "iglu:com.acme-x_1.y/view_product/jsonschema/2-10-3"
    assert SchemaKey.from_path(key.path) == key


@pytest.mark.parametrize(
    "uri",
    [
        "iglu:a/b/jsonschema/0-0-1",  # MODEL starts at 1
        "iglu:a/b/jsonschema/1-00-1",
        "iglu:a/b/jsonschema/1-0",
        "iglu:a/b/jsonschema/1-0-0 ",
        "iglu:a/b/jsonschema/1-0-*",
        "iglu:a/b.c/jsonschema/1-0-0",  # a dot only in the vendor
        "iglu:/b/jsonschema/1-0-0",
        "a/b/jsonschema/1-0-0",
        "iglu:a/b/jsonschema/1-0-٣",
        "",
    ],
)
def test_what_is_no_uri(uri):
    with pytest.raises(ValueError, match=r"^schema: not iglu:vendor/name/format/M-R-A"):
        SchemaKey.parse(uri)


def test_versions_sort_as_numbers():
    keys = [SchemaKey.parse(f"iglu:a/b/jsonschema/1-0-{n}") for n in (10, 9, 2)]
    assert [key.version for key in sorted(keys, key=lambda key: key.order)] == [
        "1-0-2",
        "1-0-9",
        "1-0-10",
    ]


@pytest.mark.parametrize(
    ("criterion", "version", "matches"),
    [
        ("1-0-*", "1-0-7", True),
        ("1-0-*", "1-1-0", False),
        ("1-*-*", "1-7-3", True),
        ("1-*-*", "2-0-0", False),
        ("1-0-0", "1-0-0", True),
        ("1-0-0", "1-0-1", False),
    ],
)
def test_a_criterion_accepts_some_versions(criterion, version, matches):
    parsed = SchemaCriterion.parse(f"iglu:a/b/jsonschema/{criterion}")
    assert parsed.matches(SchemaKey.parse(f"iglu:a/b/jsonschema/{version}")) == matches
    assert not parsed.matches(SchemaKey.parse(f"iglu:a/other/jsonschema/{version}"))
    assert str(parsed) == f"iglu:a/b/jsonschema/{criterion}"


@pytest.mark.parametrize("text", ["iglu:a/b/jsonschema/*-*-*", "iglu:a/b/jsonschema/1-*-0", "x"])
def test_what_is_no_criterion(text):
    with pytest.raises(ValueError, match=r"^criterion: "):
        SchemaCriterion.parse(text)
