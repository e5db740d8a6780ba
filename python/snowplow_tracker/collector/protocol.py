"""Limits of the Snowplow tracker protocol that the collector checks, and its envelopes.

https://docs.snowplow.io/docs/fundamentals/canonical-event/
"""

from __future__ import annotations

from snowplow_tracker._canonical_event import VENDOR

__all__ = [
    "CONTEXTS_SCHEMA",
    "MAX_BODY",
    "MAX_EVENT_BODY",
    "MAX_HEADERS",
    "MAX_NESTING",
    "MAX_REQUEST_LINE",
    "PAYLOAD_DATA_SCHEMA",
    "PLATFORMS",
    "REQUIRED_KEYS",
    "UNSTRUCT_EVENT_SCHEMA",
]

MAX_REQUEST_LINE = 20_480
MAX_HEADERS = 40_960
MAX_EVENT_BODY = 1_048_576
"""Maximum size in bytes of a body with events. Events of a larger body are lost."""
MAX_BODY = 2_097_152
"""Maximum size in bytes of a body that is not rejected with 413."""
MAX_NESTING = 40

PAYLOAD_DATA_SCHEMA = rf"iglu:{VENDOR}/payload_data/jsonschema/1-0-[0-9]+"
UNSTRUCT_EVENT_SCHEMA = rf"iglu:{VENDOR}/unstruct_event/jsonschema/1-0-0"
CONTEXTS_SCHEMA = rf"iglu:{VENDOR}/contexts/jsonschema/1-0-[0-9]+"

PLATFORMS = frozenset(("pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset"))


REQUIRED_KEYS = frozenset(("e", "p", "tv"))
