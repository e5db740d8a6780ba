"""`SelfDescribingJson`: data with the URI of its schema."""

from __future__ import annotations

from snowplow_tracker._autospec import wrap_native_methods
from snowplow_tracker._native import SelfDescribingJson

__all__ = ["SelfDescribingJson"]

wrap_native_methods(SelfDescribingJson, "to_json", "to_string", module=__name__)
