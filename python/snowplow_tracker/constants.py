"""Schemas, defaults and allowed values of the Snowplow tracker protocol."""

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
    "FORM_NODE_NAMES",
    "FORM_TYPES",
    "MOBILE_SCHEMA_PATH",
    "SCHEMA_TAG",
    "SUPPORTED_PLATFORMS",
    "UNSTRUCT_EVENT_SCHEMA",
    "VERSION",
    "ContextArray",
]

DEFAULT_ENCODE_BASE64: bool = True
BASE_SCHEMA_PATH = "iglu:com.snowplowanalytics.snowplow"
SCHEMA_TAG = "jsonschema"
SUPPORTED_PLATFORMS = {"pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset"}
FORM_NODE_NAMES = {"INPUT", "TEXTAREA", "SELECT"}
FORM_TYPES = {
    *("button", "checkbox", "color", "date", "datetime", "datetime-local", "email", "file"),
    *("hidden", "image", "month", "number", "password", "radio", "range", "reset"),
    *("search", "submit", "tel", "text", "time", "url", "week"),
}
ContextArray = list[SelfDescribingJson]
