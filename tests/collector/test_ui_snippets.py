"""An event as code: what is copied from the page tracks the same event again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

import snowplow_tracker as sp
from snowplow_tracker.testing import Snowplow

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://example.com/?a='b'&c=\"d\""
ORDER = {"schema": "iglu:com.acme/order/jsonschema/1-0-0"}
DATA: dict[str, Any] = {
    "text": "quotes ' \" and \\ \n \u202e 😀 </script>",
    "numbers": [1, 1.0, -0.5, 10**20, 1e-7],
    "none": None,
    "yes": True,
    "long": ["x" * 60] * 5,
    "empty": {},
}
CONTEXT = [sp.SelfDescribingJson("iglu:com.acme/user/jsonschema/1-0-0", DATA)] * 2
EVENTS: dict[str, Callable[[], Any]] = {
    "page view": lambda: sp.PageView(URL, "Tïtle", "https://example.org/", context=CONTEXT),
    "page ping": lambda: sp.PagePing(URL, min_x=1, max_y=20),
    "structured": lambda: sp.StructuredEvent("ca'", 'ac"', "la\\", "pr\n", 12.5),
    "self-describing": lambda: sp.SelfDescribing(
        sp.SelfDescribingJson(ORDER["schema"], DATA),
        context=CONTEXT,
        true_timestamp=1_700_000_000_000,
    ),
    "transaction": lambda: sp.Event({"e": "tr", "tr_id": "1", "tr_tt": "10"}),
    "bad": lambda: sp.Event({"e": "pv", "url": URL, "vid": "first"}),
}
OWN_OF_EACH_EVENT = {"eid", "dtm", "stm"}


@pytest.fixture
def copied(collector, session):
    """Tracks an event, and returns a function that returns its text of some kind."""

    def track(name: str):
        subject = sp.Subject().set_platform("srv").set_user_id("user's").set_lang("de")
        emitter = sp.Emitter(collector.url)
        with sp.Tracker("name'space", emitter, subject=subject, app_id='app"') as tracker:
            tracker.track(EVENTS[name]())
        number = collector.journal.last
        url = f"{collector.url}/micro/ui/rows/{number}/as/"
        return lambda kind: session.get(url + kind, timeout=10).content.decode()

    return track


def events_of(collector) -> list[dict[str, Any]]:
    rows = [row for _, row in collector.journal.numbered_rows()]
    return [_own(row.parameters or {}) for row in reversed(rows)]


def _own(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in OWN_OF_EACH_EVENT}


@pytest.mark.parametrize("name", EVENTS)
def test_python_tracks_the_same_event(collector, copied, name):
    exec(copied(name)("python"), {})
    first, again = events_of(collector)
    assert again == first


@pytest.mark.parametrize("name", EVENTS)
def test_the_test_passes_and_fails_without_the_event(collector, copied, name):
    names: dict[str, Any] = {}
    exec(copied(name)("pytest"), names)
    [test] = [value for key, value in names.items() if key.startswith("test_")]
    snowplow = Snowplow(collector.journal)
    snowplow.reset()
    with sp.Tracker("test", sp.Emitter(collector.url, batch_size=1), app_id="test") as tracker:
        test(snowplow, tracker)
        snowplow.reset()
        tracker.track(sp.StructuredEvent("another", "event"))
        with pytest.raises(AssertionError):
            test(snowplow, Mock())


@pytest.mark.parametrize("name", EVENTS)
def test_curl_sends_the_same_event(collector, copied, session, name):
    words = shlex.split(copied(name)("curl").replace("\\\n", ""))
    assert words[0::2][:1] == ["curl"]
    assert words[2::2] == ["-H", "--data-raw"]
    content_type = words[3].removeprefix("Content-Type: ")
    body = words[5].encode()
    session.post(words[1], data=body, headers={"Content-Type": content_type}, timeout=10)
    first, again = events_of(collector)
    assert again == first


def test_json_has_the_columns_and_the_data(copied):
    copy = copied("self-describing")
    event = json.loads(copy("json"))
    assert event["app_id"] == 'app"'
    assert event["unstruct_event_com_acme_order_1"] == DATA
    described = json.loads(copy("self-describing"))
    assert described["event"] == {**ORDER, "data": DATA}
    assert [entity["data"] for entity in described["entities"]] == [DATA] * 2


def test_an_unreadable_request(collector, session, post):
    post(b"no json \xff'")
    url = f"{collector.url}/micro/ui/rows/{collector.journal.last}/as/"
    for kind in ("python", "pytest"):
        text = session.get(url + kind, timeout=10).text
        assert all(line.startswith("#") for line in text.splitlines())
    assert shlex.split(session.get(url + "curl", timeout=10).text)[0] == "curl"


def test_what_does_not_exist(collector, session, copied):
    copied("structured")
    last = collector.journal.last
    for path in (f"{last}/as/perl", f"{last + 1}/as/json"):
        assert session.get(f"{collector.url}/micro/ui/rows/{path}", timeout=10).status_code == 404
