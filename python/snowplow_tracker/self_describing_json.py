"""`SelfDescribingJson`: data with the schema that it follows."""

from __future__ import annotations

from snowplow_tracker._native import SelfDescribingJson

__all__ = ["SelfDescribingJson"]
