"""The verdict: compares what programs tracked with what the collector accepted."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qa.torture.ledger import Acceptance

__all__ = ["Verdict", "judge"]


class Verdict(NamedTuple):
    """Numbers of events, and what is wrong with them.

    Attributes:
        lost: Tracked, not counted as dropped, and never taken.
        twice: Taken more than once, each time but the last with an answer that may be lost.
        problems: Sentences; none where all is as promised.
    """

    tracked: int
    accepted: int
    dropped: int
    lost: int
    twice: int
    problems: list[str]


def judge(
    tracked: Iterable[str],
    acceptances: list[Acceptance],
    dropped: int = 0,
    killed: Mapping[str, int] | None = None,
) -> Verdict:
    """Compare ledgers.

    Args:
        tracked: The event ids that `track` returned.
        acceptances: What the collector took, in order.
        dropped: How many events the programs counted as dropped.
        killed: Clients that were killed, each with how many of its threads may have been sending:
            what so many last requests carried may come again, and what it tracked in its last
            moment may be missing in its ledger.
    """
    killed = killed or {}
    known = Counter(tracked)
    doubted = _with_requests_of_the_killed_in_doubt(acceptances, killed)
    times = Counter(event_id for acceptance in doubted for event_id in acceptance.event_ids)
    missing = sum(event_id not in times for event_id in known)
    unexplained = _unexplained(doubted, times)
    lost = max(missing - dropped, 0)
    problems = [
        f"{count} events {what}"
        for count, what in (
            (lost, "lost"),
            (len(unexplained), f"came twice without a reason, such as {sorted(unexplained)[:3]}"),
            (sum(count > 1 for count in known.values()), "have an id that others have as well"),
            (0 if killed else len(times.keys() - known), "came that nobody tracked"),
            (max(dropped - missing, 0), "came though they count as dropped"),
        )
        if count
    ]
    twice = sum(count > 1 for count in times.values()) - len(unexplained)
    return Verdict(len(known), len(times), dropped, lost, twice, problems)


def _with_requests_of_the_killed_in_doubt(
    acceptances: list[Acceptance], killed: Mapping[str, int]
) -> list[Acceptance]:
    places = defaultdict(list)
    for place, acceptance in enumerate(acceptances):
        places[acceptance.client].append(place)
    last = {place for client, senders in killed.items() for place in places[client][-senders:]}
    return [
        acceptance._replace(is_in_doubt=True) if place in last else acceptance
        for place, acceptance in enumerate(acceptances)
    ]


def _unexplained(acceptances: list[Acceptance], times: Counter[str]) -> set[str]:
    """Return the events that were taken again after an answer that must have come through."""
    settled: set[str] = set()
    unexplained: set[str] = set()
    for acceptance in acceptances:
        repeated = [event_id for event_id in acceptance.event_ids if times[event_id] > 1]
        unexplained.update(event_id for event_id in repeated if event_id in settled)
        if not acceptance.is_in_doubt:
            settled.update(repeated)
    return unexplained
