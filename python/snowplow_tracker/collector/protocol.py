"""Names and limits of the Snowplow tracker protocol that the collector checks.

https://docs.snowplow.io/docs/fundamentals/canonical-event/
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = [
    "CONTEXTS_SCHEMA",
    "EVENT_TYPES",
    "MAX_BODY",
    "MAX_EVENT_BODY",
    "MAX_HEADERS",
    "MAX_NESTING",
    "MAX_REQUEST_LINE",
    "PAYLOAD_DATA_KEYS",
    "PAYLOAD_DATA_SCHEMA",
    "PLATFORMS",
    "REQUIRED_KEYS",
    "UNSTRUCT_EVENT_SCHEMA",
    "UUID",
    "VENDOR",
    "EventType",
]

VENDOR = "com.snowplowanalytics.snowplow"

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

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

PLATFORMS = frozenset(("pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset"))


class EventType(NamedTuple):
    """Name and schema in the enriched event of a type of event, a value of `e`."""

    name: str
    schema: str | None


EVENT_TYPES = {
    "pv": EventType("page_view", f"iglu:{VENDOR}/page_view/jsonschema/1-0-0"),
    "pp": EventType("page_ping", f"iglu:{VENDOR}/page_ping/jsonschema/1-0-0"),
    "se": EventType("struct", "iglu:com.google.analytics/event/jsonschema/1-0-0"),
    "ue": EventType("unstruct", None),
    "tr": EventType("transaction", f"iglu:{VENDOR}/transaction/jsonschema/1-0-0"),
    "ti": EventType("transaction_item", f"iglu:{VENDOR}/transaction_item/jsonschema/1-0-0"),
}

REQUIRED_KEYS = frozenset(("e", "p", "tv"))

PAYLOAD_DATA_KEYS = frozenset(
    (
        *("e", "eid", "tid", "p", "tv", "tna", "aid", "dtm", "stm", "ttm", "tz"),
        *("uid", "duid", "nuid", "tnuid", "sid", "vid", "ip", "ua", "fp", "mac"),
        *("url", "page", "refr", "lang", "cs", "res", "vp", "ds", "cd", "cookie", "ctype"),
        *("f_pdf", "f_qt", "f_realp", "f_wma", "f_dir", "f_fla", "f_java", "f_gears", "f_ag"),
        *("pp_mix", "pp_max", "pp_miy", "pp_may"),
        *("se_ca", "se_ac", "se_la", "se_pr", "se_va"),
        *("tr_id", "tr_af", "tr_tt", "tr_tx", "tr_sh", "tr_ci", "tr_st", "tr_co", "tr_cu"),
        *("ti_id", "ti_sk", "ti_nm", "ti_na", "ti_ca", "ti_pr", "ti_qu", "ti_cu"),
        *("ue_na", "ue_pr", "ue_px", "co", "cx"),
        *("ad_ba", "ad_ca", "ad_ad", "ad_uid", "sa", "sn", "st", "sp"),
    )
)
"""Every key of the schema payload_data 1-0-4, which allows no others."""
