"""`unittest.mock` on trackers, events and data: on a class, on one object, with `autospec`."""

from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import pytest

import snowplow_tracker
from snowplow_tracker import (
    Emitter,
    EmitterConfiguration,
    Event,
    PageView,
    Payload,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    Subject,
    Tracker,
    TrackerConfiguration,
)

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
VIEW = PageView("u")
THING = SelfDescribingJson(SCHEMA, {})
CONSTRUCTORS = [Subject, Payload, EmitterConfiguration, TrackerConfiguration]
METHODS: list[tuple[Any, Any, str, tuple[Any, ...]]] = [
    (Tracker, None, "track", (VIEW,)),
    (Tracker, None, "complete_payload", (VIEW,)),
    (Tracker, None, "flush", ()),
    (PageView, VIEW, "build_payload", (True, None)),
    (Event, VIEW, "build_payload", (True, None)),
    (SelfDescribingJson, THING, "to_json", ()),
    (SelfDescribingJson, THING, "to_string", ()),
    (Subject, Subject(), "combine_subject", (None,)),
    (Payload, Payload(), "add", ("name", 1)),
]


class TestTrack:
    def test_on_the_class_with_autospec_the_tracker_comes_first(self, tracker, inbox):
        with mock.patch.object(Tracker, "track", autospec=True, return_value="id") as track:
            assert tracker.track(VIEW) == "id"
        track.assert_called_once_with(tracker, VIEW)
        assert inbox.events == []

    def test_wrapped_on_one_tracker_it_still_tracks(self, tracker, inbox):
        with (
            mock.patch.object(tracker, "track", wraps=tracker.track) as track,
            pytest.warns(DeprecationWarning, match="track_page_view"),
        ):
            tracker.track_page_view("u")
        assert list(track.call_args.kwargs) == ["event"]
        assert len(inbox.events) == 1

    def test_what_a_double_raises_reaches_the_caller(self, tracker):
        with (
            mock.patch.object(Tracker, "track", side_effect=LookupError("mine")),
            pytest.raises(LookupError, match="mine"),
        ):
            tracker.track(VIEW)

    def test_replaced_by_assignment_on_one_tracker(self, tracker):
        tracked: list[Event] = []
        tracker.track = lambda event: tracked.extend([event])
        with pytest.warns(DeprecationWarning, match="track_link_click"):
            tracker.track_link_click("u")
        del tracker.track
        assert isinstance(tracked[0], SelfDescribing)
        assert isinstance(tracker.track(VIEW), str)


@pytest.mark.parametrize(("cls", "owner", "name", "arguments"), METHODS)
class TestMethodsOfAClass:
    def test_a_spy_with_autospec_gets_the_object_and_calls_through(
        self, tracker, cls, owner, name, arguments
    ):
        owner, original = owner or tracker, getattr(cls, name)
        with mock.patch.object(cls, name, autospec=True, side_effect=original) as spy:
            result = getattr(owner, name)(*arguments)
        spy.assert_called_once_with(owner, *arguments)
        assert type(result) is type(getattr(owner, name)(*arguments))

    def test_a_double_checks_what_it_is_called_with(self, tracker, cls, owner, name, arguments):
        owner = owner or tracker
        with mock.patch.object(cls, name, autospec=True), pytest.raises(TypeError):
            getattr(owner, name)(*arguments, unknown=1)


class TestWhatTrackCalls:
    @pytest.mark.parametrize("target", ["class", "tracker"])
    def test_complete_payload_wrapped(self, tracker, inbox, target):
        owner: Any = Tracker if target == "class" else tracker
        real = tracker.complete_payload
        with mock.patch.object(owner, "complete_payload", side_effect=real) as spy:
            event_id = tracker.track(VIEW)
        spy.assert_called_once_with(event=VIEW)
        assert inbox.events[0]["eid"] == event_id

    @pytest.mark.parametrize("owner", [VIEW, PageView, Event])
    def test_build_payload_wrapped(self, tracker, inbox, owner):
        real = VIEW.build_payload
        with mock.patch.object(owner, "build_payload", side_effect=real) as spy:
            tracker.track(VIEW)
        spy.assert_called_once_with(encode_base64=False, json_encoder=None, subject=tracker.subject)
        assert inbox.events[0]["url"] == "u"

    def test_ids_and_times_one_after_the_other(self, tracker, inbox):
        with (
            mock.patch.object(Tracker, "get_uuid", side_effect=["a", "b"]),
            mock.patch.object(Tracker, "get_timestamp", side_effect=[1, 2]),
        ):
            assert [tracker.track(VIEW), tracker.track(VIEW)] == ["a", "b"]
        assert [sent["dtm"] for sent in inbox.events] == [1, 2]

    def test_a_clock_and_an_id_source_that_fail(self, tracker, inbox):
        for target in ("time.time", "uuid.uuid4"):
            with (
                mock.patch(target, side_effect=LookupError(target)),
                pytest.raises(LookupError, match=target),
            ):
                tracker.track(VIEW)
        assert inbox.events == []
        assert uuid.UUID(tracker.track(VIEW)).version == 4

    def test_combine_subject_spied_on(self, tracker):
        real = Subject.combine_subject
        own = Subject()
        with mock.patch.object(Subject, "combine_subject", autospec=True, side_effect=real) as spy:
            tracker.track(PageView("u", event_subject=own))
        spy.assert_called_once_with(own, tracker.subject)

    def test_facts_patched_for_a_while(self, tracker, inbox):
        with mock.patch.dict(tracker.standard_nv_pairs, aid="patched"):
            tracker.track(VIEW)
        tracker.track(VIEW)
        assert [sent.get("aid") for sent in inbox.events] == ["patched", None]


class TestDoubles:
    """Mocks in the place of objects."""

    def test_an_emitter_sees_input_and_flush_alone(self):
        emitter = mock.create_autospec(Emitter, instance=True)
        tracker = Tracker("ns", emitter)
        event_id = tracker.track(VIEW)
        tracker.flush()
        assert [name for name, _, _ in emitter.mock_calls] == ["input", "sync_flush"]
        assert emitter.input.call_args.args[0]["eid"] == event_id

    @pytest.mark.parametrize(
        "make", [lambda: mock.Mock(spec=PageView), lambda: mock.create_autospec(PageView)("u")]
    )
    def test_an_event_says_what_its_payload_is(self, tracker, inbox, make):
        event = make()
        event.build_payload.return_value = Payload({"e": "double"})
        assert tracker.track(event) == inbox.events[0]["eid"]
        assert inbox.events[0]["e"] == "double"

    def test_a_magic_event_reaches_the_emitters(self):
        emitter, event = mock.MagicMock(), mock.MagicMock()
        Tracker("ns", emitter).track(event)
        emitter.input.assert_called_once_with(event.build_payload.return_value.nv_pairs)

    def test_a_wrapped_event_is_tracked(self, tracker, inbox):
        tracker.track(mock.Mock(wraps=VIEW))
        assert inbox.events[0]["url"] == "u"

    def test_a_subject(self, inbox):
        subject: Any = mock.MagicMock(standard_nv_pairs={"uid": "double"})
        Tracker("ns", inbox, subject=subject).track(VIEW)
        assert inbox.events[0]["uid"] == "double"

    def test_a_tracker_is_kept_by_snowplow(self):
        double = mock.Mock(spec=Tracker)
        double.get_namespace.return_value = "double"
        assert Snowplow.add_tracker(double) is double
        assert Snowplow.get_tracker("double") is double
        Snowplow.remove_tracker(double)
        assert Snowplow.get_tracker("double") is None

    def test_a_trackers_methods_are_checked(self):
        double = mock.create_autospec(Tracker, instance=True)
        double.track(VIEW)
        for call in (double.track, double.track_page_view, double.set_subject):
            with pytest.raises(TypeError):
                call()
        with pytest.raises(AttributeError):
            _ = double.no_such_method

    @pytest.mark.parametrize("kind", CONSTRUCTORS)
    def test_a_constructor_is_checked(self, kind):
        with pytest.raises(TypeError, match="unknown"):
            mock.create_autospec(kind)(unknown=1)

    def test_configurations_have_their_settings(self):
        for kind, name in (
            (EmitterConfiguration, "batch_size"),
            (TrackerConfiguration, "encode_base64"),
        ):
            assert hasattr(mock.create_autospec(kind, instance=True), name)

    @pytest.mark.parametrize("name", ["Tracker", "Emitter", "PageView", "SelfDescribingJson"])
    def test_a_name_of_the_package_is_replaced_for_a_while(self, name):
        original = getattr(snowplow_tracker, name)
        with mock.patch(f"snowplow_tracker.{name}") as double:
            assert getattr(snowplow_tracker, name) is double
        assert getattr(snowplow_tracker, name) is original

    def test_an_init_is_replaced_for_a_while(self):
        with mock.patch.object(PageView, "__init__", return_value=None) as init:
            PageView("patched")
        init.assert_called_once_with("patched")
        assert PageView("u").page_url == "u"
