"""Schemas and defaults of the Snowplow tracker protocol."""

from __future__ import annotations

from snowplow_tracker._native import (
    CONTEXT_SCHEMA,
    MOBILE_SCHEMA_PATH,
    UNSTRUCT_EVENT_SCHEMA,
    VERSION,
    SelfDescribingJson,
)

__all__ = [
    "BASE_SCHEMA_PATH",
    "CONTEXT_SCHEMA",
    "DEFAULT_ENCODE_BASE64",
    "MOBILE_SCHEMA_PATH",
    "SCHEMA_TAG",
    "UNSTRUCT_EVENT_SCHEMA",
    "VERSION",
    "ContextArray",
]

DEFAULT_ENCODE_BASE64: bool = True
BASE_SCHEMA_PATH = "iglu:com.snowplowanalytics.snowplow"
SCHEMA_TAG = "jsonschema"
ContextArray = list[SelfDescribingJson]
