"""Convert a good event to the canonical event, as Snowplow's enrichment does.

The columns: https://docs.snowplow.io/docs/fundamentals/canonical-event/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from snowplow_tracker.collector.decode import tracked_event
from snowplow_tracker.collector.protocol import EVENT_TYPES
from snowplow_tracker.collector.rows import COLLECTOR_NAME, EARLIEST, Row, iso_time

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COLUMNS", "CONVERTED", "columns", "enriched_event"]

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


def _time(value: str) -> str:
    return iso_time(int(value))


def _flag(value: str) -> bool:
    return value == "1"


CONVERTED: dict[str, tuple[str, Callable[[str], Any]]] = {
    **{
        key: (column, str)
        for key, column in (
            *(("aid", "app_id"), ("p", "platform"), ("eid", "event_id"), ("tna", "name_tracker")),
            *(
                ("tv", "v_tracker"),
                ("uid", "user_id"),
                ("ip", "user_ipaddress"),
                ("ua", "useragent"),
            ),
            *(("fp", "user_fingerprint"), ("duid", "domain_userid"), ("sid", "domain_sessionid")),
            *(("tnuid", "network_userid"), ("url", "page_url"), ("page", "page_title")),
            *(("refr", "page_referrer"), ("lang", "br_lang"), ("cd", "br_colordepth")),
            *(("tz", "os_timezone"), ("cs", "doc_charset")),
            *(("se_ca", "se_category"), ("se_ac", "se_action"), ("se_la", "se_label")),
            *(("se_pr", "se_property"), ("tr_id", "tr_orderid"), ("tr_af", "tr_affiliation")),
            *(("tr_ci", "tr_city"), ("tr_st", "tr_state"), ("tr_co", "tr_country")),
            *(("tr_cu", "tr_currency"), ("ti_id", "ti_orderid"), ("ti_sk", "ti_sku")),
            *(("ti_na", "ti_name"), ("ti_nm", "ti_name"), ("ti_ca", "ti_category")),
            *(("ti_cu", "ti_currency"),),
        )
    },
    "dtm": ("dvce_created_tstamp", _time),
    "stm": ("dvce_sent_tstamp", _time),
    "ttm": ("true_tstamp", _time),
    "tid": ("txn_id", int),
    "vid": ("domain_sessionidx", int),
    "pp_mix": ("pp_xoffset_min", int),
    "pp_max": ("pp_xoffset_max", int),
    "pp_miy": ("pp_yoffset_min", int),
    "pp_may": ("pp_yoffset_max", int),
    "ti_qu": ("ti_quantity", int),
    "se_va": ("se_value", float),
    "tr_tt": ("tr_total", float),
    "tr_tx": ("tr_tax", float),
    "tr_sh": ("tr_shipping", float),
    "ti_pr": ("ti_price", float),
    "f_pdf": ("br_features_pdf", _flag),
    "f_fla": ("br_features_flash", _flag),
    "f_java": ("br_features_java", _flag),
    "f_dir": ("br_features_director", _flag),
    "f_qt": ("br_features_quicktime", _flag),
    "f_realp": ("br_features_realplayer", _flag),
    "f_wma": ("br_features_windowsmedia", _flag),
    "f_gears": ("br_features_gears", _flag),
    "f_ag": ("br_features_silverlight", _flag),
    "cookie": ("br_cookies", _flag),
}

_DIMENSIONS = {
    "res": ("dvce_screenwidth", "dvce_screenheight"),
    "vp": ("br_viewwidth", "br_viewheight"),
    "ds": ("doc_width", "doc_height"),
}

_NAMES = ("event_vendor", "event_name", "event_format", "event_version")


def enriched_event(row: Row) -> dict[str, Any]:
    """Return all columns of a good row's event. Columns without a value are None."""
    return columns(row, row.parameters or {})


def columns(row: Row, parameters: dict[str, str]) -> dict[str, Any]:
    """Return all columns of an event of which only some fields are known.

    Args:
        row: The event.
        parameters: Its fields that are valid.
    """
    event: dict[str, Any] = dict.fromkeys(COLUMNS)
    event.update(_collector_columns(row))
    for key, value in parameters.items():
        if key in CONVERTED and value:
            column, convert = CONVERTED[key]
            event[column] = convert(value)
    for key, names in _DIMENSIONS.items():
        if parameters.get(key):
            event.update(zip(names, map(int, parameters[key].split("x")), strict=True))
    event.update(_url_parts("page", event["page_url"]))
    event.update(_url_parts("refr", event["page_referrer"]))
    event["derived_tstamp"] = _derived_time(row.payload.timestamp, parameters)
    event.update(_event_names(row, parameters.get("e")))
    event.update(_self_describing_data(parameters))
    return event


def _collector_columns(row: Row) -> dict[str, Any]:
    arrival = iso_time(row.payload.timestamp)
    return {
        "etl_tstamp": arrival,
        "collector_tstamp": arrival,
        "v_collector": COLLECTOR_NAME,
        "v_etl": COLLECTOR_NAME,
        "user_ipaddress": row.payload.ip_address,
        "network_userid": row.payload.user_id,
        "useragent": row.payload.useragent,
    }


def _url_parts(prefix: str, url: str | None) -> dict[str, Any]:
    if not url:
        return {}
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        port = None
    return {
        f"{prefix}_urlscheme": parts.scheme or None,
        f"{prefix}_urlhost": parts.hostname,
        f"{prefix}_urlport": port,
        f"{prefix}_urlpath": parts.path or None,
        f"{prefix}_urlquery": parts.query or None,
        f"{prefix}_urlfragment": parts.fragment or None,
    }


def _derived_time(arrival: int, parameters: dict[str, str]) -> str:
    """Return `ttm`, or the arrival minus the time from creation to sending if that is positive."""
    if "ttm" in parameters:
        return _time(parameters["ttm"])
    if "dtm" in parameters and "stm" in parameters:
        arrival -= max(0, int(parameters["stm"]) - int(parameters["dtm"]))
    return iso_time(max(arrival, EARLIEST))


def _event_names(row: Row, kind: str | None) -> dict[str, Any]:
    names: dict[str, Any] = {"event": EVENT_TYPES[kind].name if kind else None}
    parts = (row.schema or "").removeprefix("iglu:").split("/")
    if len(parts) == len(_NAMES):
        names.update(zip(_NAMES, parts, strict=True))
    return names


def _self_describing_data(parameters: dict[str, str]) -> dict[str, Any]:
    event = tracked_event(parameters)
    return {
        "unstruct_event": event.unstruct_event,
        "contexts": event.contexts or {},
        "derived_contexts": {},
    }
