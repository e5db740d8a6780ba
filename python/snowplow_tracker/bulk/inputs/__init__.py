"""Inputs of a bulk load: files of several formats, plain or compressed, and standard input."""

from __future__ import annotations

from snowplow_tracker.bulk.inputs.input import FORMATS, Input, Item, open_input

__all__ = ["FORMATS", "Input", "Item", "open_input"]
