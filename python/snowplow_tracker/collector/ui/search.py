"""The search language of the page: words and `field:value`, all of which must match.

`checkout`, `"two words"`, `-word`, `app_id:shop`, `page_url:*cart*`, `ue.price:>10`,
`contexts.product.sku:a1`, `is:bad`, `schema:link_click`, `error:targetUrl`, `since:5m`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from difflib import get_close_matches
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker._canonical_event import COLUMNS, PAYLOAD_DATA_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker.collector.ui.view import RowView

__all__ = ["Predicate", "SearchError", "compile_search"]

Predicate = Callable[["RowView"], bool]
"""Whether a row is one of those searched for."""

_TERM = re.compile(r'(-?)(?:([A-Za-z_][\w.-]*):)?("(?:[^"\\]|\\.)*"|"|\S*)')
# Encoders of JSON leave these characters as they are.
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9 _.:-]*")
_AGE = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_COMPARISONS = {">=": ge, "<=": le, ">": gt, "<": lt}
_JSON_FIELDS = ("ue", "contexts")
_SHREDDED = ("unstruct_event_", "contexts_")
_FIELDS = frozenset((*COLUMNS, *PAYLOAD_DATA_KEYS, *_JSON_FIELDS))
_IS: dict[str, Predicate] = {
    "good": lambda view: not view.row.errors,
    "bad": lambda view: bool(view.row.errors),
}


class SearchError(ValueError):
    """An expression that has no meaning.

    Args:
        message: Why.
        start: Where the wrong part of the expression begins.
        end: Where it ends.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class _Term(NamedTuple):
    cost: int
    matches: Predicate
    negated: bool


def compile_search(text: str, now: int) -> Predicate | None:
    """Return a predicate for an expression, or None if every row matches.

    Args:
        text: The expression.
        now: The time that ages such as `since:5m` count from, in milliseconds since 1970.

    Raises:
        SearchError: The expression has no meaning.
    """
    # Cheap terms first: most rows are then never decoded.
    terms = sorted(_terms(text, now), key=lambda term: term.cost)
    if not terms:
        return None
    return lambda view: all(term.matches(view) is not term.negated for term in terms)


def _terms(text: str, now: int) -> Iterator[_Term]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        found = _TERM.match(text, position)
        # The pattern matches every text that does not begin with a blank.
        assert found is not None  # noqa: S101
        try:
            yield _term(*found.groups(""), now=now)
        except ValueError as error:
            raise SearchError(str(error), found.start(), found.end()) from None
        position = max(found.end(), position + 1)


def _term(minus: str, field: str, value: str, *, now: int) -> _Term:
    if value == '"':
        raise ValueError('a quote " that is not closed')
    quoted = value.startswith('"')
    if quoted:
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if field and not quoted and (value.startswith("//") or field == "iglu"):
        value, field = f"{field}:{value}", ""
    if field:
        cost, matches = _field_predicate(field, value, quoted, now)
    elif not value:
        raise ValueError("a minus sign without a term" if minus else "an empty term")
    else:
        cost, matches = 2, _word(value)
    return _Term(cost, matches, bool(minus))


def _word(value: str) -> Predicate:
    wanted = value.lower()
    if _NEVER_ESCAPED.fullmatch(wanted):
        return lambda view: wanted in view.raw_text
    return lambda view: wanted in view.text


def _field_predicate(field: str, value: str, quoted: bool, now: int) -> tuple[int, Predicate]:
    if not value:
        raise ValueError(f"{field}: without a value; {field}:* finds any")
    if field in _SPECIAL:
        return 0, _SPECIAL[field](value, now)
    name = field.partition(".")[0]
    if name not in _FIELDS and not name.startswith(_SHREDDED):
        raise ValueError(f"unknown field {field}{_suggestion(name)}")
    test = _literal(value) if quoted else _value_test(value)
    cost = 3 if name in _JSON_FIELDS else 1
    return cost, lambda view: any(test(found) for found in view.values(field))


def _suggestion(name: str) -> str:
    close = get_close_matches(name, [*_FIELDS, *_SPECIAL], 1, 0.75)
    if close:
        return f"; did you mean {close[0]}?"
    return "; quote the term to search for its text"


def _value_test(value: str) -> Callable[[Any], bool]:
    for sign, compare in _COMPARISONS.items():
        if value.startswith(sign):
            return _comparison(value[len(sign) :], sign, compare)
    return _wildcard(value) if "*" in value else _literal(value)


def _literal(value: str) -> Callable[[Any], bool]:
    wanted = value.lower()
    number = _number(value)

    def test(found: Any) -> bool:
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return found == number
        return _text(found).lower() == wanted

    return test


def _wildcard(value: str) -> Callable[[Any], bool]:
    pattern = re.compile(".*".join(map(re.escape, value.split("*"))), re.IGNORECASE | re.DOTALL)
    return lambda found: pattern.fullmatch(_text(found)) is not None


def _comparison(
    value: str, sign: str, compare: Callable[[Any, Any], bool]
) -> Callable[[Any], bool]:
    if not value:
        raise ValueError(f"{sign} without a number")
    limit = _number(value)
    if limit is None:
        # Texts such as times: 2026-01-31T12:00 is compared character by character.
        return lambda found: isinstance(found, str) and compare(found, value)

    def test(found: Any) -> bool:
        number = None if isinstance(found, (bool, dict)) else _number(found)
        return number is not None and compare(number, limit)

    return test


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is(value: str, _: int) -> Predicate:
    if value.lower() not in _IS:
        raise ValueError(f"is:{value} is unknown; there are is:good and is:bad")
    return _IS[value.lower()]


def _schema(value: str, _: int) -> Predicate:
    wanted = value.lower()
    return lambda view: any(
        wanted in schema.lower() for schema in (view.row.schema or "", *view.row.contexts)
    )


def _error(value: str, _: int) -> Predicate:
    wanted = value.lower()
    return lambda view: any(wanted in error.lower() for error in view.row.errors)


def _since(value: str, now: int) -> Predicate:
    start = _moment("since", value, now)
    return lambda view: view.row.payload.timestamp >= start


def _until(value: str, now: int) -> Predicate:
    end = _moment("until", value, now)
    return lambda view: view.row.payload.timestamp < end


def _moment(field: str, value: str, now: int) -> int:
    if age := _AGE.fullmatch(value):
        return now - int(age[1]) * _SECONDS[age[2]] * 1000
    try:
        moment = datetime.fromisoformat(value.upper().replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(
            f"{field}:{value} is no time; write an age such as 30s, 5m, 2h, or a time such as"
            " 2026-01-31T12:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


_SPECIAL: dict[str, Callable[[str, int], Predicate]] = {
    "is": _is,
    "schema": _schema,
    "error": _error,
    "since": _since,
    "until": _until,
}
