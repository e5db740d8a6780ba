"""A single event from the options of `send`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

__all__ = ["is_single_event", "single_event"]

_PAGE = ("page_url", "page_title", "referrer")
_STRUCTURED = ("category", "action", "label", "property", "value")


def is_single_event(options: argparse.Namespace) -> bool:
    """Return whether the options describe an event."""
    return any(
        value is not None
        for value in (options.sdjson, options.json, options.page_url, options.se_category)
    )


def single_event(options: argparse.Namespace) -> dict[str, Any]:
    """Return the record of the event that the options describe.

    Raises:
        ValueError: They do not describe one.
    """
    record = _event(options)
    if options.entities is not None:
        record["entities"] = _parsed("--entities", options.entities)
    if options.ip_address is not None:
        record["subject"] = {"ip_address": options.ip_address}
    return record


def _event(options: argparse.Namespace) -> dict[str, Any]:
    if options.sdjson is not None:
        described = _parsed("--sdjson", options.sdjson)
        if not isinstance(described, dict):
            raise ValueError("--sdjson: not an object")
        return described
    if options.json is not None:
        if options.schema is None:
            raise ValueError("--json needs its --schema")
        return {"schema": options.schema, "data": _parsed("--json", options.json)}
    if options.page_url is not None:
        return {"event": "page_view", **_given(options, _PAGE, "")}
    return {"event": "struct", **_given(options, _STRUCTURED, "se_")}


def _given(options: argparse.Namespace, names: tuple[str, ...], prefix: str) -> dict[str, Any]:
    values = {name: getattr(options, prefix + name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _parsed(option: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{option}: not JSON: {error}") from error
