"""`Snowplow`: what a program has tracked, to be asserted by a test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from snowplow_tracker.collector.journal import Journal
from snowplow_tracker.testing.expectation import Expectation, Filters
from snowplow_tracker.testing.reports import bad_events, count_text, not_found, overview
from snowplow_tracker.testing.snapshots import snapshot
from snowplow_tracker.testing.sources import EventSource, JournalSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typing_extensions import Unpack

    from snowplow_tracker._native import Event
    from snowplow_tracker.collector.journal import Counts
    from snowplow_tracker.testing.tracked_event import TrackedEvent

__all__ = ["Snowplow"]


class Snowplow:
    """The events that a collector has received since the last reset.

    Lists are oldest first, unlike those of Snowplow Micro. The filters `event`, `schema`, `data`,
    `entities`, `fields`, `where` and `exact` are those of `assert_tracked` in every method.

    Args:
        source: The journal of the local collector, or another source of events.
    """

    def __init__(self, source: Journal | EventSource) -> None:
        self.__source: EventSource = (
            JournalSource(source) if isinstance(source, Journal) else source
        )
        self.__is_bad_allowed = False
        self.__asserted_bad: set[TrackedEvent] = set()

    @property
    def all(self) -> list[TrackedEvent]:
        """All events, oldest first."""
        return self.__source.events()

    @property
    def good(self) -> list[TrackedEvent]:
        """The good events, oldest first."""
        return [event for event in self.all if event.is_good]

    @property
    def bad(self) -> list[TrackedEvent]:
        """The bad events, oldest first."""
        return [event for event in self.all if not event.is_good]

    @property
    def unexpected_bad(self) -> list[TrackedEvent]:
        """The bad events that no `assert_bad` has named, unless `allow_bad` was called."""
        if self.__is_bad_allowed:
            return []
        return [event for event in self.bad if event not in self.__asserted_bad]

    def counts(self) -> Counts:
        """Return the numbers of events: total, good and bad."""
        events = self.all
        good = sum(event.is_good for event in events)
        return {"total": len(events), "good": good, "bad": len(events) - good}

    def reset(self) -> None:
        """Remove all events."""
        self.__asserted_bad.clear()
        self.__source.reset()

    def allow_bad(self) -> None:
        """Let the test pass although events are bad."""
        self.__is_bad_allowed = True

    def wait_for(self, count: int, timeout: float = 5.0) -> list[TrackedEvent]:
        """Wait until a number of events, good or bad, were received, and return all.

        Args:
            count: Number of events.
            timeout: Maximum wait in seconds. Default 5.

        Raises:
            AssertionError: Fewer events came in time.
        """
        __tracebackhide__ = True
        if not self.__source.wait_until(lambda: len(self.all) >= count, timeout):
            raise AssertionError(
                f"expected {count_text(count)} within {timeout:g} s\n  {overview(self.all)}"
            )
        return self.all

    def find(
        self, event: str | Event | None = None, **filters: Unpack[Filters]
    ) -> list[TrackedEvent]:
        """Return the good events that fulfil all conditions, oldest first.

        Args:
            event: See `assert_tracked`.
            filters: `schema`, `data`, `entities`, `fields`, `where`, `exact`: see `assert_tracked`.
        """
        return _fitting(self, Expectation(event, **filters))

    @overload
    def assert_tracked(  # type: ignore[overload-overlap]
        self,
        event: str | Event | None = None,
        *,
        count: Literal[1] = 1,
        timeout: float = 1.0,
        **filters: Unpack[Filters],
    ) -> TrackedEvent: ...

    @overload
    def assert_tracked(
        self,
        event: str | Event | None = None,
        *,
        count: int | tuple[int, int] | None,
        timeout: float = 1.0,
        **filters: Unpack[Filters],
    ) -> list[TrackedEvent]: ...

    def assert_tracked(
        self,
        event: str | Event | None = None,
        *,
        schema: str | None = None,
        data: Any = None,
        entities: Iterable[Any] | Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
        where: Callable[[TrackedEvent], object] | None = None,
        exact: bool = False,
        count: int | tuple[int, int] | None = 1,
        timeout: float = 1.0,
    ) -> Any:
        """Assert that good events with these properties were tracked.

        Args:
            event: Type: "page_view", "page_ping", "struct", "unstruct", "transaction",
                "transaction_item", or the protocol's "pv", "pp", "se", "ue", "tr", "ti". Or an
                `Event`, compared by what a tracker would send of it.
            schema: Schema of the self-describing data: a name ("signup"), vendor and name
                ("com.acme/signup"), or an Iglu URI, whose version may contain `*`.
            data: A part of the self-describing data. Values may be types, compiled patterns,
                `...` for anything, or objects with an `==` of their own, such as
                `unittest.mock.ANY`. A list that ends with `...` may have further items.
            entities: Entities that must be there: a list of schemas or of
                `{"schema": ..., "data": ...}`, or a mapping of schemas to parts of their data.
            fields: Columns of the enriched event ("app_id") or protocol fields ("aid").
            where: Called with each event. Returns whether it is meant.
            exact: Whether `data` and `entities` are all that there is. Default False.
            count: How many events, or the least and the most; None for one or more. Default 1.
            timeout: How long to wait for the events, in seconds. Default 1.

        Returns:
            The event if `count` is 1, else a list of the events.

        Raises:
            AssertionError: There are fewer or more events. The text names those that come nearest,
                and how they differ.
            ValueError: The type or the schema has none of these forms.
        """
        __tracebackhide__ = True
        wanted = Expectation(
            event,
            schema=schema,
            data=data,
            entities=entities,
            fields=fields,
            where=where,
            exact=exact,
        )
        least, most = _limits(count)
        self.__source.wait_until(lambda: len(_fitting(self, wanted)) >= least, timeout)
        found = _fitting(self, wanted)
        if len(found) < least or (most is not None and len(found) > most):
            raise AssertionError(_wrong_count(self, wanted, found, count))
        return found[0] if count == 1 else found

    def assert_not_tracked(
        self,
        event: str | Event | None = None,
        *,
        within: float = 0.0,
        **filters: Unpack[Filters],
    ) -> None:
        """Assert that no event, good or bad, has these properties.

        Args:
            event: See `assert_tracked`.
            within: How long to wait for such an event, in seconds. Default 0.
            filters: `schema`, `data`, `entities`, `fields`, `where`, `exact`: see `assert_tracked`.

        Raises:
            AssertionError: There is one.
        """
        __tracebackhide__ = True
        wanted = Expectation(event, **filters)
        if self.__source.wait_until(lambda: any(map(wanted.fits, self.all)), within):
            found = [each for each in self.all if wanted.fits(each)]
            raise AssertionError(f"expected no event with {wanted}\n  {overview(found)}")

    def assert_count(self, count: int, timeout: float = 1.0) -> list[TrackedEvent]:
        """Assert that exactly this many events, good and bad, were tracked, and return them.

        Args:
            count: Number of events.
            timeout: How long to wait for them, in seconds. Default 1.

        Raises:
            AssertionError: There are fewer or more.
        """
        __tracebackhide__ = True
        self.__source.wait_until(lambda: len(self.all) >= count, timeout)
        events = self.all
        if len(events) != count:
            raise AssertionError(f"expected {count_text(count)}\n  {overview(events)}")
        return events

    def assert_order(self, specs: Sequence[Any], timeout: float = 1.0) -> list[TrackedEvent]:
        """Assert that events were tracked in this order. Others may be between them.

        Args:
            specs: For each event a type, an `Event`, or a mapping of filters such as
                `{"schema": "signup", "data": {"plan": "pro"}}`.
            timeout: How long to wait for the events, in seconds. Default 1.

        Returns:
            The events.

        Raises:
            AssertionError: One of them is missing, or comes before its predecessor.
        """
        __tracebackhide__ = True
        expectations = [
            Expectation(**spec) if isinstance(spec, Mapping) else Expectation(spec)
            for spec in specs
        ]
        self.__source.wait_until(
            lambda: len(_in_order(self, expectations)) == len(expectations), timeout
        )
        found = _in_order(self, expectations)
        if len(found) < len(expectations):
            missing = expectations[len(found)]
            after = f" after {found[-1].summary()}" if found else ""
            title = f"no event tracked{after} with {missing}"
            raise AssertionError(not_found(missing, self.all, title))
        return found

    def assert_no_bad(self, timeout: float = 0.0) -> None:
        """Assert that no event is bad.

        Args:
            timeout: How long to wait for a bad event, in seconds. Default 0.

        Raises:
            AssertionError: One is. The text says why.
        """
        __tracebackhide__ = True
        if self.__source.wait_until(lambda: self.bad, timeout):
            raise AssertionError(bad_events(self.bad))

    def assert_bad(
        self,
        match: str | None = None,
        *,
        schema: str | None = None,
        count: int | tuple[int, int] | None = 1,
        timeout: float = 1.0,
    ) -> Any:
        """Assert that events are bad. They do not fail the test afterwards.

        Args:
            match: A regular expression, searched for in the errors of an event. Default None: any.
            schema: The schema of the event: see `assert_tracked`.
            count: How many events, or the least and the most; None for one or more. Default 1.
            timeout: How long to wait for the events, in seconds. Default 1.

        Returns:
            The event if `count` is 1, else a list of the events.

        Raises:
            AssertionError: There are fewer or more.
        """
        __tracebackhide__ = True
        wanted = Expectation(schema=schema)
        pattern = re.compile(match or "")

        def found() -> list[TrackedEvent]:
            return [
                event
                for event in self.bad
                if wanted.fits(event) and any(map(pattern.search, event.errors))
            ]

        least, most = _limits(count)
        self.__source.wait_until(lambda: len(found()) >= least, timeout)
        events = found()
        if len(events) < least or (most is not None and len(events) > most):
            described = f" with {wanted}" if schema else ""
            described += f" matching {match!r}" if match else ""
            title = f"expected {_expected(count, 'bad')}{described}, found {len(events)}"
            raise AssertionError(f"{title}\n{bad_events(self.bad)}")
        self.__asserted_bad.update(events)
        return events[0] if count == 1 else events

    def snapshot(self) -> list[dict[str, Any]]:
        """Return all good events as JSON values, to be compared with those of an earlier run.

        Ids and times are replaced by "<eid>" and "<time>", since they differ in each run.
        """
        return [snapshot(event) for event in self.good]


def _fitting(snowplow: Snowplow, wanted: Expectation) -> list[TrackedEvent]:
    return [event for event in snowplow.good if wanted.fits(event)]


def _in_order(snowplow: Snowplow, expectations: list[Expectation]) -> list[TrackedEvent]:
    """Return the events that fulfil the first expectations, each after the one before."""
    left = iter(snowplow.good)
    found: list[TrackedEvent] = []
    for wanted in expectations:
        event = next(filter(wanted.fits, left), None)
        if event is None:
            break
        found.append(event)
    return found


def _wrong_count(
    snowplow: Snowplow,
    wanted: Expectation,
    found: list[TrackedEvent],
    count: int | tuple[int, int] | None,
) -> str:
    if not found:
        return not_found(wanted, snowplow.all, f"no event tracked with {wanted}")
    title = f"expected {_expected(count)} with {wanted}, found {len(found)}"
    return f"{title}\n  {overview(found)}"


def _limits(count: int | tuple[int, int] | None) -> tuple[int, int | None]:
    if count is None:
        return 1, None
    return (count, count) if isinstance(count, int) else count


def _expected(count: int | tuple[int, int] | None, adjective: str = "") -> str:
    least, most = _limits(count)
    if most is None:
        return f"{count_text(least, adjective)} or more"
    if least == most:
        return count_text(least, adjective)
    return f"{least} to {count_text(most, adjective)}"
