"""The bundle of standard schemas is what the table says, and usable."""

from __future__ import annotations

from typing import Any

from qa.standard_schemas import generate

from snowplow_tracker._canonical_event import PAYLOAD_DATA_KEYS
from snowplow_tracker.collector.protocol import REQUIRED_KEYS
from snowplow_tracker.iglu import Resolver, SchemaKey, StandardRegistry, Validator
from snowplow_tracker.iglu.lint import lint_schema

REGISTRY = StandardRegistry()
VENDOR = "iglu:com.snowplowanalytics.snowplow"


def standard(name: str) -> dict[str, Any]:
    schema = REGISTRY.lookup(SchemaKey.parse(f"{VENDOR}/{name}"))
    assert schema is not None
    return schema


def test_the_bundle_is_what_the_script_makes():
    remedy = "run python -m qa.standard_schemas.generate"
    assert generate.BUNDLE.read_text(encoding="utf-8") == generate.text(), remedy


def test_all_are_usable_and_checked_in_full():
    checker = Validator(Resolver([REGISTRY]))
    keys = list(REGISTRY.list())
    assert len(keys) >= 45
    for key in keys:
        compiled = checker.compiled(key)
        assert (key, compiled.issues, compiled.notes) == (key, [], ())


def test_the_linter_finds_nothing_that_makes_data_bad():
    # The originals have strings without maxLength, and optional properties that are not null.
    skipped = ("stringLength", "optionalNull", "numericMinMax", "rootObject")
    for key in REGISTRY.list():
        found = [
            one
            for one in lint_schema(REGISTRY.lookup(key) or {}, skipped)
            if (one.check, key.name) != ("stringMaxLengthRange", "submit_form")
        ]
        assert (key, found) == (key, [])


def test_fields_that_the_table_names():
    click = standard("link_click/jsonschema/1-0-1")
    assert list(click["properties"]) == [
        *("elementId", "elementClasses", "elementTarget", "targetUrl", "elementContent")
    ]
    assert click["required"] == ["targetUrl"]
    assert click["properties"]["targetUrl"] == {"type": "string", "minLength": 1}
    assert click["additionalProperties"] is False
    form = standard("submit_form/jsonschema/1-0-0")["properties"]["elements"]["items"]
    assert form["required"] == ["name", "value", "nodeName"]
    assert form["properties"]["value"]["type"] == ["string", "null"]
    session = standard("client_session/jsonschema/1-0-2")["properties"]
    assert session["sessionIndex"] == {"type": "integer", "minimum": 0, "maximum": 2147483647}
    assert session["firstEventTimestamp"]["format"] == "date-time"


def test_the_protocol_has_the_keys_of_payload_data():
    item = standard("payload_data/jsonschema/1-0-4")["items"]
    assert item["properties"].keys() == PAYLOAD_DATA_KEYS
    assert set(item["required"]) == REQUIRED_KEYS
    assert "ttm" not in standard("payload_data/jsonschema/1-0-3")["items"]["properties"]
