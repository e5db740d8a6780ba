"""The texts of failed assertions: what was expected, what there is, and what comes nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snowplow_tracker.testing.expectation import Expectation
    from snowplow_tracker.testing.tracked_event import TrackedEvent

__all__ = ["bad_events", "count_text", "event_lines", "not_found", "overview"]

_MAX_NEAREST = 3
_MAX_NAMED = 10
_MAX_LINES = 50


def count_text(count: int, adjective: str = "") -> str:
    """Return a number of events, in words."""
    kind = f"{adjective} " if adjective else ""
    return f"1 {kind}event" if count == 1 else f"{count} {kind}events"


def overview(events: Sequence[TrackedEvent]) -> str:
    """Return how many events there are, and the first of them."""
    if not events:
        return "no events were tracked"
    names = [event.summary() for event in events[:_MAX_NAMED]]
    more = [f"and {len(events) - _MAX_NAMED} more"] if len(events) > _MAX_NAMED else []
    return f"{count_text(len(events))}: {', '.join([*names, *more])}"


def not_found(expectation: Expectation, events: Sequence[TrackedEvent], title: str) -> str:
    """Return why no event, or too few, fulfil an expectation."""
    lines = [title, f"  {overview(events)}"]
    for event in _nearest(expectation, events):
        lines.append(f"  nearest: {event.summary()}  eid={event.id}")
        lines.append(f"    {expectation.differences(event)[0]}")
    lines += [f"  bad: {line}" for line in _bad_lines(events)]
    return "\n".join(lines)


def bad_events(events: Sequence[TrackedEvent]) -> str:
    """Return which events are bad, and why."""
    lines = [f"{count_text(len(events), 'bad')} tracked"]
    return "\n".join([*lines, *(f"  {line}" for line in _bad_lines(events))])


def event_lines(events: Sequence[TrackedEvent]) -> list[str]:
    """Return a line for each event, of at most 50 events."""
    lines = [
        f"{'good' if each.is_good else 'bad '}  {each.title()}  eid={each.id}"
        + "".join(f"\n      {error}" for error in each.errors)
        for each in events[:_MAX_LINES]
    ]
    more = len(events) - _MAX_LINES
    return [*lines, f"and {more} more"] if more > 0 else lines


def _nearest(expectation: Expectation, events: Sequence[TrackedEvent]) -> list[TrackedEvent]:
    """Return the good events that fail the fewest conditions, but not those that fail them all."""
    near = [event for event in events if event.is_good and expectation.is_near(event)]
    return sorted(near, key=lambda event: len(expectation.differences(event)))[:_MAX_NEAREST]


def _bad_lines(events: Sequence[TrackedEvent]) -> Iterator[str]:
    bad = [event for event in events if not event.is_good]
    for event in bad[:_MAX_NAMED]:
        yield f"{event.title()}  {'; '.join(event.errors)}"
    if len(bad) > _MAX_NAMED:
        yield f"and {len(bad) - _MAX_NAMED} more"
