"""Which methods the old `track_*` methods call, so what overrides see; and their warnings."""

from __future__ import annotations

import threading
import warnings
from inspect import currentframe
from typing import Any
from unittest import mock

import pytest
from tests.compat.trackers import make
from tests.support import Inbox

from snowplow_tracker import SelfDescribingJson, Subject, Tracker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
ITEM = {"sku": "s1", "price": 3, "quantity": 2}
SHORTCUTS: list[tuple[str, tuple[Any, ...]]] = [
    ("track_link_click", ("u",)),
    ("track_add_to_cart", ("s", 1)),
    ("track_remove_from_cart", ("s", 1)),
    ("track_form_change", ("f", "e", "INPUT", "v")),
    ("track_form_submit", ("f",)),
    ("track_site_search", (["term"],)),
    ("track_screen_view", ("n", "i")),
]
CALLS: list[tuple[str, tuple[Any, ...]]] = [
    *SHORTCUTS,
    ("track_page_view", ("u",)),
    ("track_page_ping", ("u",)),
    ("track_struct_event", ("c", "a")),
    ("track_mobile_screen_view", ("n",)),
    ("track_ecommerce_transaction", ("o", 1)),
    ("track_ecommerce_transaction_item", ("o", "s", 1, 1)),
    ("track_self_describing_event", (SelfDescribingJson(SCHEMA, {"x": 1}),)),
    ("track_unstruct_event", (SelfDescribingJson(SCHEMA, {"x": 1}),)),
]


class TestChain:
    """Who calls whom: one overridden method sees all that passes."""

    def test_shortcuts_call_track_unstruct_event_by_position(self):
        tracker, _ = make()
        context = [SelfDescribingJson(SCHEMA, {})]
        subject = Subject()
        with mock.patch.object(tracker, "track_unstruct_event") as unstruct:
            assert (
                tracker.track_link_click("u", None, None, None, None, context, 5, subject)
                is tracker
            )
        (event_json, *rest), keywords = unstruct.call_args
        assert event_json.to_json()["data"] == {"targetUrl": "u"}
        assert (rest, keywords) == ([context, 5, subject], {})

    def test_track_unstruct_event_calls_the_other_by_four_keywords(self):
        tracker, _ = make()
        event_json = SelfDescribingJson(SCHEMA, {})
        with mock.patch.object(tracker, "track_self_describing_event") as describing:
            assert tracker.track_unstruct_event(event_json, None, 5) is tracker
        describing.assert_called_once_with(
            event_json=event_json, context=None, tstamp=5, event_subject=None
        )

    @pytest.mark.parametrize(("method", "arguments"), CALLS)
    def test_everything_ends_in_track(self, method, arguments):
        tracker, events = make()
        with mock.patch.object(tracker, "track") as track:
            assert getattr(tracker, method)(*arguments) is tracker
        track.assert_called_once()
        assert (list(track.call_args.kwargs), track.call_args.args) == (["event"], ())
        assert events == []

    @pytest.mark.parametrize("method", ["track_unstruct_event", "track_self_describing_event"])
    def test_an_override_sees_all_shortcuts(self, method):
        seen = []

        def override(self: Any, event_json: SelfDescribingJson, *rest: Any, **named: Any) -> Any:
            seen.append(event_json)
            return getattr(super(Watching, self), method)(event_json, *rest, **named)

        Watching: Any = type("Watching", (Tracker,), {method: override})  # noqa: N806
        tracker, events = make(Watching)
        for shortcut, arguments in SHORTCUTS:
            getattr(tracker, shortcut)(*arguments)
        assert len(seen) == len(events) == len(SHORTCUTS)

    @pytest.mark.parametrize(
        ("overridden", "other"),
        [
            ("track_unstruct_event", "track_self_describing_event"),
            ("track_self_describing_event", "track_unstruct_event"),
        ],
    )
    @pytest.mark.parametrize("entry", ["shortcut", "overridden", "track_unstruct_event"])
    def test_an_override_that_calls_the_other_back_runs_once(self, overridden, other, entry):
        seen = []

        def override(self: Any, event_json: Any, *rest: Any, **named: Any) -> Any:
            seen.append(event_json)
            return getattr(self, other)(event_json, *rest, **named)

        tracker, events = make(type("HandingOn", (Tracker,), {overridden: override}))
        if entry == "shortcut":
            tracker.track_link_click("u")
        else:
            method = overridden if entry == "overridden" else entry
            getattr(tracker, method)(SelfDescribingJson(SCHEMA, {"x": 1}))
        assert (len(seen), len(events)) == (1, 1)

    def test_an_override_may_call_the_other_back_by_way_of_a_helper(self):
        class HandingOn(Tracker):
            def track_self_describing_event(self, *arguments, **named):
                seen.append(arguments or named)
                return self.helper(*arguments, **named)

            def helper(self, *arguments: Any, **named: Any) -> Tracker:
                return self.track_unstruct_event(*arguments, **named)

        seen: list[Any] = []
        tracker, events = make(HandingOn)
        tracker.track_link_click("u")
        assert (len(seen), len(events)) == (1, 1)

    def test_an_override_of_another_tracker_is_run_too(self):
        class HandingOn(Tracker):
            def track_self_describing_event(self, event_json, *rest, **named):
                seen.append(self.get_namespace())
                for follower in followers.get(str(self.get_namespace()), ()):
                    follower.track_unstruct_event(event_json)
                return super().track_self_describing_event(event_json, *rest, **named)

        seen: list[str | None] = []
        inbox: Any = Inbox()
        followers = {"first": [HandingOn("second", inbox)]}
        HandingOn("first", inbox).track_link_click("u")
        assert seen == ["first", "second"]
        assert len(inbox.events) == 2

    def test_an_emitter_may_track_an_event_of_its_own(self):
        class Auditing(Tracker):
            def track_self_describing_event(self, event_json, *rest, **named):
                seen.append(event_json.data)
                return super().track_self_describing_event(event_json, *rest, **named)

        class Auditor:
            def input(self, payload: dict[str, Any]) -> None:
                if payload["e"] != "ue" or "audit" not in payload["ue_pr"]:
                    tracker.track_unstruct_event(SelfDescribingJson(SCHEMA, {"audit": 1}))

        seen: list[Any] = []
        tracker, _ = make(Auditing)
        tracker.emitters.append(Auditor())
        tracker.track_link_click("u")
        assert seen == [{"targetUrl": "u"}, {"audit": 1}]


class TestWarnings:
    """One DeprecationWarning a public call, at the line that calls."""

    @pytest.mark.parametrize(("method", "arguments"), CALLS)
    def test_each_call_warns_once_here_and_names_its_replacement(self, method, arguments):
        tracker, _ = make()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(tracker, method)(*arguments)
            line = currentframe().f_lineno - 1  # type: ignore[union-attr]
        assert [(w.category, w.filename, w.lineno) for w in caught] == [
            (DeprecationWarning, __file__, line)
        ]
        assert str(caught[0].message).startswith(f"{method} is deprecated: use Tracker.track(")

    def test_an_order_with_items_warns_once(self):
        tracker, _ = make()
        with pytest.warns(DeprecationWarning, match=r"track_") as caught:
            tracker.track_ecommerce_transaction("o", 6, items=[ITEM, ITEM])
        assert len(caught) == 1

    def test_chained_calls_warn_one_each(self):
        tracker, _ = make()
        with pytest.warns(DeprecationWarning, match=r"track_") as caught:
            tracker.track_page_view("u").track_link_click("u").track_screen_view("n")
        assert [str(w.message).split()[0] for w in caught] == [
            "track_page_view",
            "track_link_click",
            "track_screen_view",
        ]

    def test_overrides_in_the_chain_add_no_warning(self):
        class Watching(Tracker):
            def track_unstruct_event(self, *arguments, **named):
                return super().track_unstruct_event(*arguments, **named)

            def track_self_describing_event(self, *arguments, **named):
                return super().track_self_describing_event(*arguments, **named)

        tracker, _ = make(Watching)
        with pytest.warns(DeprecationWarning, match=r"track_") as caught:
            tracker.track_link_click("u")
        assert [w.filename for w in caught] == [__file__]
        assert len(caught) == 1

    def test_an_emitters_own_call_warns_too(self):
        class Echo:
            def input(self, payload: dict[str, Any]) -> None:  # noqa: ARG002
                other.track_struct_event("c", "a")

        tracker, _ = make()
        other, events = make()
        tracker.emitters.append(Echo())
        with pytest.warns(DeprecationWarning, match=r"track_") as caught:
            tracker.track_page_view("u")
        assert [str(w.message).split()[0] for w in caught] == [
            "track_page_view",
            "track_struct_event",
        ]
        assert len(events) == 1

    def test_a_call_that_fails_silences_no_later_one(self):
        tracker, _ = make()
        with (
            pytest.warns(DeprecationWarning, match="track_add"),
            pytest.raises(ValueError, match="sku"),
        ):
            tracker.track_add_to_cart("", 1)
        with pytest.warns(DeprecationWarning, match="track_page_view"):
            tracker.track_page_view("u")

    def test_as_errors_they_stop_the_call(self):
        tracker, events = make()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(DeprecationWarning):
                tracker.track_link_click("u")
        assert events == []

    def test_a_call_that_is_under_way_silences_no_other_thread(self):
        inside, leave = threading.Event(), threading.Event()

        class Waiting(Tracker):
            def track_unstruct_event(self, *arguments, **named):
                inside.set()
                assert leave.wait(10)
                return super().track_unstruct_event(*arguments, **named)

        tracker, events = make(Waiting)
        thread = threading.Thread(target=tracker.track_link_click, args=("u",))
        thread.start()
        assert inside.wait(10)
        with pytest.warns(DeprecationWarning, match="track_page_view"):
            tracker.track_page_view("u")
        leave.set()
        thread.join(10)
        assert len(events) == 2
