"""Validates the self-describing data of events before they are sent."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["SelfDescribingValidator", "errors_of"]


class _Failure(Protocol):
    @property
    def text(self) -> str: ...


class SelfDescribingValidator(Protocol):
    """What a `Sender` needs of a `snowplow_tracker.iglu.Validator`."""

    def validate(self, self_describing: Any, source: str = ...) -> Sequence[_Failure]:
        """Return what is wrong with data and its schema."""
        ...


def errors_of(payload: Mapping[str, str], validator: SelfDescribingValidator) -> list[str]:
    """Return what is wrong with the data and the entities of an event.

    Args:
        payload: The event's fields.
        validator: Knows the schemas.
    """
    return [
        failure.text
        for source, described in _described(payload)
        for failure in validator.validate(described, source)
    ]


def _described(payload: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    event = _read(payload, "ue_pr", "ue_px")
    if event is not None:
        yield "unstruct", _data_of(event)
    entities = _read(payload, "co", "cx")
    if entities is not None:
        data = _data_of(entities)
        for number, entity in enumerate(data if isinstance(data, list) else [data]):
            yield f"contexts[{number}]", entity


def _data_of(envelope: Any) -> Any:
    return envelope.get("data") if isinstance(envelope, dict) else envelope


def _read(payload: Mapping[str, str], plain: str, encoded: str) -> Any:
    """Return the JSON of a field, as text or in base64. Text that is no JSON stays text."""
    text = payload.get(plain)
    if text is None:
        coded = payload.get(encoded)
        if coded is None:
            return None
        try:
            text = urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
        except ValueError:
            return coded
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
