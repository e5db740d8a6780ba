"""Errors explained: what was sent, the wrong place, what the schema says, what was meant."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from tests.pages.events import described, send

from snowplow_tracker.collector import CollectorServer

IDENTIFIER = (
    "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#"
)
ORDER = {
    "$schema": IDENTIFIER,
    "self": {"vendor": "com.acme", "name": "order", "format": "jsonschema", "version": "1-0-0"},
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 1, "maximum": 99},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string", "maxLength": 4}},
                "required": ["sku"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["id"],
    "additionalProperties": False,
}


@pytest.fixture
def with_schemas(tmp_path):
    """A collector that knows the schema of orders."""
    file = tmp_path / "schemas/com.acme/order/jsonschema/1-0-0"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(ORDER))
    with CollectorServer(schemas=tmp_path) as running:
        yield running


@pytest.fixture
def explained(with_schemas, open_page):
    """Sends an order with some data, and opens its errors."""

    def open_(data, cards=1, **changes):
        send(with_schemas, described(data, **changes))
        page = open_page(f"?event={with_schemas.journal.last}", url=with_schemas.url)
        panel = page.locator("#panel")
        expect(panel.locator("article")).to_have_count(cards)
        return panel

    return open_


def test_a_wrong_value_is_marked_beside_its_schema(explained):
    panel = explained({"id": 1, "lines": [{"sku": "A"}, {"sku": "too long"}]})
    expect(panel).to_contain_text("may only be 4 characters long")
    expect(panel.locator(".wrong")).to_have_count(1)
    expect(panel.locator(".wrong")).to_contain_text('sku: "too long"')
    expect(panel.locator("pre")).to_have_text('{\n  "type": "string",\n  "maxLength": 4\n}')


def test_a_wrong_type(explained):
    panel = explained({"id": "1"})
    expect(panel).to_contain_text("“id” is of type string, but must be integer.")
    expect(panel.locator(".wrong")).to_contain_text('id: "1"')
    expect(panel.locator("pre")).to_contain_text('"maximum": 99')


def test_a_misspelt_property(explained):
    panel = explained({"id": 1, "linse": []})
    expect(panel).to_contain_text("“linse” is not a property of this schema.")
    expect(panel).to_contain_text('did you mean "lines"?')
    expect(panel.locator(".wrong")).to_contain_text("linse: []")
    expect(panel.locator("pre")).to_contain_text("id, lines")


def test_a_missing_property(explained):
    panel = explained({"lines": []})
    expect(panel).to_contain_text("“id” is missing, but it is required.")
    expect(panel.locator(".wrong")).to_contain_text("{ 1 }")
    expect(panel.locator("pre")).to_contain_text('"required": [\n    "id"\n  ]')


def test_several_errors_share_a_card(explained):
    panel = explained({"id": 1000, "lines": [{}]})
    expect(panel.locator(".sentence")).to_have_count(2)
    expect(panel.locator(".wrong")).to_have_count(2)
    expect(panel.page.get_by_role("tab", selected=True)).to_have_text("Errors2")
    expect(panel.page.locator("#rows tr")).to_contain_text("2 errors")


def test_an_unknown_schema(explained):
    panel = explained({}, schema="iglu:com.acme/ordre/jsonschema/1-0-0")
    expect(panel).to_contain_text("ResolutionError")
    expect(panel).to_contain_text("does not have it")
    expect(panel).to_contain_text("schemas/com.acme/ordre/jsonschema/1-0-0")
    expect(panel).to_contain_text("did you mean iglu:com.acme/order/jsonschema/1-0-0?")


def test_a_field_and_the_schema_at_once(explained):
    panel = explained({"id": "1"}, cards=2, vid="first")
    expect(panel).to_contain_text("vid: not an integer of 32 bits: 'first'")
    expect(panel).to_contain_text("“id” is of type string, but must be integer.")
