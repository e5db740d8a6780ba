"""The programs of the version 0.x documentation, line by line, and what they send."""

from __future__ import annotations

import json
import subprocess
import sys
from json.encoder import JSONEncoder
from typing import Any

import pytest

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Subject,
    Tracker,
)

HOST = "collector.example.com"
PATH = "/com.snowplowanalytics.snowplow/tp2"
SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"

# It never flushes; what it tracked leaves when it ends.
PROGRAM = """
import sys, warnings
from snowplow_tracker import AsyncEmitter, Emitter, Subject, Tracker
warnings.simplefilter("ignore", DeprecationWarning)
port = int(sys.argv[1])
e1 = Emitter("127.0.0.1", port=port, protocol="http")
e2 = AsyncEmitter("127.0.0.1", port=port, protocol="http")
s = Subject().set_platform("mob").set_user_id("jo")
t = Tracker([e1, e2], subject=s, namespace="cf", app_id="aid")
t.track_page_view("http://www.example.com", "title").track_struct_event("shop", "add", None, "p", 2)
t.set_subject(Subject())
t.track_screen_view("name", "id")
"""


def test_its_programs_never_flush_and_all_arrives(snowplow, snowplow_env):
    port = snowplow_env["SNOWPLOW_COLLECTOR_PORT"]
    command = [sys.executable, "-W", "error", "-c", PROGRAM, port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    snowplow.assert_count(6)


@pytest.mark.parametrize(
    ("emitter", "endpoint"),
    [
        (lambda: Emitter(HOST), f"https://{HOST}{PATH}"),
        (lambda: Emitter(HOST, port=8080), f"https://{HOST}:8080{PATH}"),
        (lambda: Emitter(HOST, protocol="http"), f"http://{HOST}{PATH}"),
        (lambda: Emitter(HOST, method="get"), f"https://{HOST}/i"),
        (lambda: Emitter(f"https://{HOST}/path/"), f"https://{HOST}/path{PATH}"),
        (lambda: AsyncEmitter(HOST, protocol="https"), f"https://{HOST}{PATH}"),
    ],
)
def test_an_emitter_needs_a_host_alone(emitter, endpoint):
    assert emitter().endpoint == endpoint


def test_an_emitter_without_a_host_is_a_value_error():
    with pytest.raises(ValueError, match="endpoint"):
        Emitter("")


def test_what_the_page_says_of_no_protocol_is_1_1_0s():
    emitter = Emitter(HOST)
    assert (emitter.method, emitter.batch_size) == ("post", 10)
    assert emitter.endpoint.startswith("https://")


class TestConstructor:
    def test_only_the_emitter_is_required(self, inbox):
        tracker = Tracker(inbox)
        tracker.track(PageView("u", context=[SelfDescribingJson(SCHEMA, {})]))
        assert inbox.events[0].keys() == {"e", "url", "p", "eid", "dtm", "tv", "cx"}

    def test_every_parameter_by_name(self, inbox):
        subject = Subject().set_platform("srv")
        tracker = Tracker(
            inbox,
            subject=subject,
            namespace="cf",
            app_id="aid",
            encode_base64=False,
            json_encoder=lambda _: "own",
        )
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"z": 1j})))
        sent = inbox.events[0]
        assert (sent["p"], sent["tna"], sent["aid"]) == ("srv", "cf", "aid")
        assert json.loads(sent["ue_pr"])["data"]["data"] == {"z": "own"}

    def test_every_parameter_by_position(self, inbox):
        subject = Subject()
        tracker = Tracker(inbox, subject, "cf", "aid", False, repr)
        assert (tracker.subject, tracker.get_namespace()) == (subject, "cf")
        assert tracker.standard_nv_pairs["aid"] == "aid"
        assert (tracker.encode_base64, tracker.json_encoder) == (False, repr)

    @pytest.mark.parametrize("several", [list, tuple])
    def test_each_event_goes_to_each_emitter(self, make_inbox, several):
        inboxes = [make_inbox(), make_inbox()]
        event_id = Tracker(several(inboxes)).track(PageView("u"))
        assert [[sent["eid"] for sent in inbox.events] for inbox in inboxes] == [[event_id]] * 2

    def test_no_subject_means_the_default_one(self, inbox):
        tracker = Tracker(inbox, None)
        assert tracker.subject is not None
        assert tracker.subject.standard_nv_pairs == {"p": "pc"}

    def test_another_subject_may_be_set(self, inbox):
        tracker = Tracker(inbox)
        assert tracker.set_subject(Subject().set_user_id("jo")) is tracker
        tracker.track(PageView("u"))
        tracker.track(PageView("u", event_subject=Subject().set_user_id("other")))
        assert [sent["uid"] for sent in inbox.events] == ["jo", "other"]


def complex_encoder(c: Any) -> Any:
    """The page's own encoder: the call in its last line has no self."""
    if isinstance(c, complex):
        return [c.real, c.imag]
    return JSONEncoder.default(c)  # type: ignore[call-arg]


def test_its_encoder_of_complex_numbers(inbox):
    tracker = Tracker(inbox, encode_base64=False, json_encoder=complex_encoder)
    with pytest.raises(TypeError):
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"z": object()})))
    assert inbox.events == []
    tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"z": 3 + 4j})))
    assert json.loads(inbox.events[0]["ue_pr"])["data"]["data"] == {"z": [3.0, 4.0]}
