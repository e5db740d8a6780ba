"""Names of the Snowplow canonical event: fields of the tracker protocol, and columns.

https://docs.snowplow.io/docs/fundamentals/canonical-event/
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = [
    "COLUMNS",
    "DIMENSION_COLUMNS",
    "EVENT_TYPES",
    "FIELD_COLUMNS",
    "PAYLOAD_DATA_KEYS",
    "UUID",
    "VENDOR",
    "EventType",
]

VENDOR = "com.snowplowanalytics.snowplow"

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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

COLUMNS = (
    *("app_id", "platform", "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event"),
    *("event_id", "txn_id", "name_tracker", "v_tracker", "v_collector", "v_etl", "user_id"),
    *("user_ipaddress", "user_fingerprint", "domain_userid", "domain_sessionidx", "network_userid"),
    *("geo_country", "geo_region", "geo_city", "geo_zipcode", "geo_latitude", "geo_longitude"),
    *("geo_region_name", "ip_isp", "ip_organization", "ip_domain", "ip_netspeed", "page_url"),
    *("page_title", "page_referrer", "page_urlscheme", "page_urlhost", "page_urlport"),
    *("page_urlpath", "page_urlquery", "page_urlfragment", "refr_urlscheme", "refr_urlhost"),
    *("refr_urlport", "refr_urlpath", "refr_urlquery", "refr_urlfragment", "refr_medium"),
    *("refr_source", "refr_term", "mkt_medium", "mkt_source", "mkt_term", "mkt_content"),
    *("mkt_campaign", "contexts", "se_category", "se_action", "se_label", "se_property"),
    *("se_value", "unstruct_event", "tr_orderid", "tr_affiliation", "tr_total", "tr_tax"),
    *("tr_shipping", "tr_city", "tr_state", "tr_country", "ti_orderid", "ti_sku", "ti_name"),
    *("ti_category", "ti_price", "ti_quantity", "pp_xoffset_min", "pp_xoffset_max"),
    *("pp_yoffset_min", "pp_yoffset_max", "useragent", "br_name", "br_family", "br_version"),
    *("br_type", "br_renderengine", "br_lang", "br_features_pdf", "br_features_flash"),
    *("br_features_java", "br_features_director", "br_features_quicktime"),
    *("br_features_realplayer", "br_features_windowsmedia", "br_features_gears"),
    *("br_features_silverlight", "br_cookies", "br_colordepth", "br_viewwidth", "br_viewheight"),
    *("os_name", "os_family", "os_manufacturer", "os_timezone", "dvce_type", "dvce_ismobile"),
    *("dvce_screenwidth", "dvce_screenheight", "doc_charset", "doc_width", "doc_height"),
    *("tr_currency", "tr_total_base", "tr_tax_base", "tr_shipping_base", "ti_currency"),
    *("ti_price_base", "base_currency", "geo_timezone", "mkt_clickid", "mkt_network", "etl_tags"),
    *("dvce_sent_tstamp", "refr_domain_userid", "refr_dvce_tstamp", "derived_contexts"),
    *("domain_sessionid", "derived_tstamp", "event_vendor", "event_name", "event_format"),
    *("event_version", "event_fingerprint", "true_tstamp"),
)
"""The columns of the canonical event in the order of its tab-separated form."""

FIELD_COLUMNS = {
    "text": {
        "aid": "app_id",
        "p": "platform",
        "eid": "event_id",
        "tna": "name_tracker",
        "tv": "v_tracker",
        "uid": "user_id",
        "ip": "user_ipaddress",
        "ua": "useragent",
        "fp": "user_fingerprint",
        "duid": "domain_userid",
        "sid": "domain_sessionid",
        "tnuid": "network_userid",
        "url": "page_url",
        "page": "page_title",
        "refr": "page_referrer",
        "lang": "br_lang",
        "cd": "br_colordepth",
        "tz": "os_timezone",
        "cs": "doc_charset",
        "se_ca": "se_category",
        "se_ac": "se_action",
        "se_la": "se_label",
        "se_pr": "se_property",
        "tr_id": "tr_orderid",
        "tr_af": "tr_affiliation",
        "tr_ci": "tr_city",
        "tr_st": "tr_state",
        "tr_co": "tr_country",
        "tr_cu": "tr_currency",
        "ti_id": "ti_orderid",
        "ti_sk": "ti_sku",
        "ti_na": "ti_name",
        "ti_nm": "ti_name",
        "ti_ca": "ti_category",
        "ti_cu": "ti_currency",
    },
    "time": {
        "dtm": "dvce_created_tstamp",
        "stm": "dvce_sent_tstamp",
        "ttm": "true_tstamp",
    },
    "integer": {
        "tid": "txn_id",
        "vid": "domain_sessionidx",
        "pp_mix": "pp_xoffset_min",
        "pp_max": "pp_xoffset_max",
        "pp_miy": "pp_yoffset_min",
        "pp_may": "pp_yoffset_max",
        "ti_qu": "ti_quantity",
    },
    "number": {
        "se_va": "se_value",
        "tr_tt": "tr_total",
        "tr_tx": "tr_tax",
        "tr_sh": "tr_shipping",
        "ti_pr": "ti_price",
    },
    "flag": {
        "f_pdf": "br_features_pdf",
        "f_fla": "br_features_flash",
        "f_java": "br_features_java",
        "f_dir": "br_features_director",
        "f_qt": "br_features_quicktime",
        "f_realp": "br_features_realplayer",
        "f_wma": "br_features_windowsmedia",
        "f_gears": "br_features_gears",
        "f_ag": "br_features_silverlight",
        "cookie": "br_cookies",
    },
}
"""By the type of their values, fields and the columns that enrichment copies them to."""

DIMENSION_COLUMNS = {
    "res": ("dvce_screenwidth", "dvce_screenheight"),
    "vp": ("br_viewwidth", "br_viewheight"),
    "ds": ("doc_width", "doc_height"),
}
"""Fields of the form `WIDTHxHEIGHT`, and their two columns."""
