"""`SelfDescribingJson`: data with the schema that it follows."""

from __future__ import annotations

from snowplow_tracker._functions import as_functions
from snowplow_tracker._native import SelfDescribingJson

__all__ = ["SelfDescribingJson"]

as_functions(SelfDescribingJson, "to_json", "to_string")
