"""The search language of the page."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snowplow_tracker.collector.checks import judge
from snowplow_tracker.collector.rows import CollectorPayload, Row
from snowplow_tracker.collector.ui.search import SearchError, compile_search
from snowplow_tracker.collector.ui.view import RowView

NOW = 1_790_000_000_500
IGLU = "iglu:com.snowplowanalytics.snowplow"
ORDER = {"schema": "iglu:com.acme/order/jsonschema/1-0-0", "data": {"price": 12.5, "note": 'a "b"'}}
PRODUCT = {"schema": "iglu:com.acme/product/jsonschema/1-0-0", "data": {"sku": "A1", "tags": ["x"]}}


@pytest.fixture
def found(payload, event, b64):
    """Whether a search finds an event: an order with a product, with fields changed."""
    order = json.dumps({"schema": f"{IGLU}/unstruct_event/jsonschema/1-0-0", "data": ORDER})
    products = json.dumps({"schema": f"{IGLU}/contexts/jsonschema/1-0-1", "data": [PRODUCT]})
    parts = {"e": "ue", "ue_px": b64(order), "cx": b64(products), "aid": "Shop", "url": None}

    def search(text: str, **changes):
        row = judge(payload, event(**{**parts, **changes}))
        matches = compile_search(text, NOW)
        return matches is None or matches(RowView(1, row))

    return search


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "order", "ORDER", '"a1"', "-checkout", "order -checkout", "127.0.0.1"),
        *("app_id:shop", "aid:SHOP", "event:unstruct", "event_name:order", "app_id:sh*", "p:*"),
        *("ue.price:12.5", "ue.price:>10", "ue.price:>=12.5", "ue.price:<13", "-ue.price:>20"),
        *("contexts.product.sku:a1", "contexts.product.tags:x", "contexts.product:*", "ue:*"),
        *(
            'ue.note:"a \\"b\\""',
            '"a \\"b\\""',
            "is:good",
            "-is:bad",
            "schema:product",
            "iglu:com.acme",
        ),
        *(
            "since:1s",
            "until:2030-01-01",
            "since:2026-09-21T00:00:00Z",
            "dvce_created_tstamp:>2026-01",
        ),
        *("contexts_com_acme_product_1.sku:A1", "unstruct_event_com_acme_order_1.price:>1"),
        "https://example.com/",
    ],
)
def test_finds(found, text):
    changes = {"refr": "https://example.com/"} if text.startswith("https") else {}
    assert found(text, **changes)


@pytest.mark.parametrize(
    "text",
    [
        *("checkout", "-order", "order checkout", "app_id:sho", "-app_id:shop", "event:page_view"),
        *(
            "ue.price:12",
            "ue.price:>12.5",
            "ue.none:*",
            "contexts.product.sku:B",
            "contexts.user:*",
        ),
        *("is:bad", "schema:user", "error:x", "since:2030-01-01", "until:1h", "user_id:*", "uid:1"),
    ],
)
def test_does_not_find(found, text):
    assert not found(text)


def test_finds_bad_events(found):
    assert found("is:bad", vid="first")
    assert found("error:integer", vid="first")
    assert found("vid:first ue.price:12.5", vid="first")
    assert not found("is:good", vid="first")


def test_finds_what_an_escape_of_json_stands_for(found, b64):
    data = json.dumps({"schema": "iglu:com.acme/a/jsonschema/1-0-0", "data": {"t": "Grüße"}})
    assert "\\u00fc" in data
    schema = f"{IGLU}/unstruct_event/jsonschema/1-0-0"
    text = b64(f'{{"schema": "{schema}", "data": {data}}}')
    assert found("grüße", ue_px=text)
    assert found("ue.t:GRÜßE", ue_px=text)


@pytest.mark.parametrize(
    ("text", "start", "end", "message"),
    [
        ("order app_idd:shop", 6, 18, "unknown field app_idd; did you mean app_id?"),
        ("is:ok", 0, 5, "is:ok is unknown; there are is:good and is:bad"),
        ("since:soon", 0, 10, "since:soon is no time; write an age such as 30s"),
        ('a "b c', 2, 3, 'a quote " that is not closed'),
        ("- a", 0, 1, "a minus sign without a term"),
        ("ue.price:>", 0, 10, "> without a number"),
        ("app_id:", 0, 7, "app_id: without a value; app_id:* finds any"),
    ],
)
def test_says_what_is_wrong_and_where(text, start, end, message):
    with pytest.raises(SearchError) as raised:
        compile_search(text, NOW)
    assert str(raised.value).startswith(message)
    assert (raised.value.start, raised.value.end) == (start, end)


REQUEST = CollectorPayload("tp2", (), None, "", NOW, "h", "1.1.1.1", None, None, (), "u")
FIELDS = {"e": ["x"], "aid": 1, "ue_px": "?", "cx": "e30", "dtm": "x", "co": None}
BAD = RowView(1, Row(REQUEST, FIELDS, errors=("e: not a string",)))


@given(st.text(alphabet=st.sampled_from('ab:"-\\ >*.é\u2028') | st.characters(), max_size=40))
@example("ue.a:>1e999")
@example("since:99999999999d")
@example("since:999999999d")
@example("since:2026-01-01T00:00:00+99:00")
@example("contexts..:*")
@example("ue.:>nan")
@example("dtm:x event:y page_url:*")
def test_any_text_is_a_search_or_an_error(text):
    try:
        matches = compile_search(text, NOW)
    except SearchError as error:
        place = (error.start, error.end)
    else:
        assert matches is None or matches(BAD) in (True, False)
        return
    assert 0 <= place[0] <= place[1] <= len(text)
