"""The verdict finds lost events, and duplicates without a reason."""

from __future__ import annotations

import pytest
from qa.torture.ledger import Acceptance, Ledger, read_acceptances
from qa.torture.verdict import judge


def taken(*event_ids: str, client: str = "c", is_in_doubt: bool = False) -> Acceptance:
    return Acceptance(client, list(event_ids), is_in_doubt)


def test_all_is_well_where_each_event_came_once():
    verdict = judge(["a", "b"], [taken("a"), taken("b")])
    assert (verdict.tracked, verdict.accepted, verdict.lost, verdict.problems) == (2, 2, 0, [])


@pytest.mark.parametrize(("dropped", "lost"), [(0, 2), (1, 1), (2, 0)])
def test_what_never_came_and_was_not_counted_as_dropped_is_lost(dropped, lost):
    verdict = judge(["a", "b", "c"], [taken("b")], dropped)
    assert (verdict.lost, bool(verdict.problems)) == (lost, lost > 0)


def test_an_event_that_came_counts_as_no_dropped_one():
    assert "1 events came though they count as dropped" in judge(["a"], [taken("a")], 1).problems


@pytest.mark.parametrize("is_in_doubt", [True, False])
def test_a_second_time_is_explained_by_a_first_answer_that_may_be_lost(is_in_doubt):
    verdict = judge(["a", "b"], [taken("a", is_in_doubt=is_in_doubt), taken("a", "b")])
    assert (verdict.twice, bool(verdict.problems)) == (int(is_in_doubt), not is_in_doubt)


def test_what_was_answered_must_not_come_again_whatever_came_between():
    sent = [taken("a", is_in_doubt=True), taken("a"), taken("a", is_in_doubt=True)]
    assert "came twice without a reason" in judge(["a"], sent).problems[0]


@pytest.mark.parametrize(("senders", "explained"), [(1, 1), (2, 2)])
def test_of_a_killed_client_only_the_last_requests_may_come_again(senders, explained):
    sent = [taken("a", client="k"), taken("b", client="k"), taken("a", "b", client="heir")]
    verdict = judge(["a", "b"], sent, killed={"k": senders})
    assert verdict.twice == explained
    assert bool(verdict.problems) == (explained < 2)


def test_an_event_that_nobody_tracked_is_found_but_after_a_kill():
    assert judge(["a"], [taken("a", "x")]).problems == ["1 events came that nobody tracked"]
    assert judge(["a"], [taken("a", "x")], killed={"k": 1}).problems == []


def test_an_id_that_two_events_have_is_found():
    assert "have an id that others have" in judge(["a", "a"], [taken("a")]).problems[0]


def test_the_ledger_keeps_who_was_taken_and_what_is_in_doubt(tmp_path):
    ledger = Ledger(tmp_path / "accepted")
    number = ledger.accept("one", ["a", "b"])
    ledger.accept("two", ["c"])
    ledger.doubt(number)
    assert read_acceptances(tmp_path / "accepted") == [
        taken("a", "b", client="one", is_in_doubt=True),
        taken("c", client="two"),
    ]
    assert ledger.summary()["accepted"] == 3
