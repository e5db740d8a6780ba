"""`Ruleset`: which events an entity is for, by their schemas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowplow_tracker.event_view import EventView

__all__ = ["Ruleset"]

_NAME = r"[a-zA-Z0-9_-]+"
_RULE = re.compile(
    rf"iglu:(?P<vendor>{_NAME}\.{_NAME}(?:\.{_NAME})*(?:\.\*)*)"
    r"/(?P<name>\*|[a-zA-Z0-9_.-]+)/jsonschema"
    r"/(?P<model>\*|\d+)-(?P<revision>\*|\d+)-(?P<addition>\*|\d+)",
    re.ASCII,
)
_SCHEMA = re.compile(
    r"iglu:(?P<vendor>[a-zA-Z0-9_.-]+)/(?P<name>[a-zA-Z0-9_.-]+)/jsonschema"
    r"/(?P<model>\d+)-(?P<revision>\d+)-(?P<addition>\d+)",
    re.ASCII,
)
_FORM = (
    "a rule is 'iglu:vendor/name/jsonschema/M-R-A': the vendor has at least two parts, and '*' may "
    "stand for each of the last ones but the first two; also for the name, and for M, R and A"
)
_MAX_REMEMBERED = 1_000


class Ruleset:
    """Selects events by their schemas, as the rule sets of the JavaScript tracker do.

    An event is selected if at least one rule of `accept` matches its schema, and none of `reject`.
    A rule is a schema URI such as `iglu:com.acme/*/jsonschema/1-*-*`. `*` stands for any name, any
    part of the version, and each of the last parts of the vendor, whose number must agree:
    `com.acme.*` is for `com.acme.shop`, and neither for `com.acme` nor for `com.acme.shop.de`.

    Page views, page pings and structured events have the schema
    `iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4`.

    Args:
        accept: A rule, or a sequence of them. Default: none, which selects nothing.
        reject: A rule, or a sequence of them. Default: none.

    Raises:
        ValueError: A rule cannot match any schema, by its form.
    """

    def __init__(self, accept: str | Sequence[str] = (), reject: str | Sequence[str] = ()) -> None:
        self.accept = _rules(accept, "accept")
        self.reject = _rules(reject, "reject")
        self._accepted = [_Rule.of(rule) for rule in self.accept]
        self._rejected = [_Rule.of(rule) for rule in self.reject]
        # Programs have few schemas.
        self._selected: dict[str, bool] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(accept={self.accept!r}, reject={self.reject!r})"

    def __call__(self, view: EventView) -> bool:
        """Return whether an event is selected."""
        return self.selects(view.schema)

    def selects(self, schema: str) -> bool:
        """Return whether events of a schema are selected."""
        selected = self._selected.get(schema)
        if selected is None:
            if len(self._selected) >= _MAX_REMEMBERED:
                self._selected.clear()
            selected = self._selected[schema] = self._decide(schema)
        return selected

    def _decide(self, schema: str) -> bool:
        match = _SCHEMA.fullmatch(schema)
        if match is None:
            return False
        event = _Rule.of_match(match)
        return any(rule.matches(event) for rule in self._accepted) and not any(
            rule.matches(event) for rule in self._rejected
        )


class _Rule(NamedTuple):
    vendor: tuple[str, ...]
    rest: tuple[str, ...]

    @classmethod
    def of(cls, rule: str) -> _Rule:
        match = _RULE.fullmatch(rule)
        if match is None:
            raise ValueError(f"rule can match no event, {_FORM}: {rule!r}")
        return cls.of_match(match)

    @classmethod
    def of_match(cls, match: re.Match[str]) -> _Rule:
        version = tuple(_number(match[part]) for part in ("model", "revision", "addition"))
        return cls(tuple(match["vendor"].split(".")), (match["name"], *version))

    def matches(self, event: _Rule) -> bool:
        return len(self.vendor) == len(event.vendor) and all(
            mine in ("*", theirs)
            for mine, theirs in zip(self.vendor + self.rest, event.vendor + event.rest, strict=True)
        )


def _number(text: str) -> str:
    return text if text == "*" else str(int(text))


def _rules(rules: str | Sequence[str], parameter: str) -> tuple[str, ...]:
    found = (rules,) if isinstance(rules, str) else tuple(rules)
    for rule in found:
        if not isinstance(rule, str):
            raise ValueError(  # noqa: TRY004 - as other parameters of wrong types
                f"{parameter} must be a rule or a sequence of rules: {rules!r}"
            )
    return found
