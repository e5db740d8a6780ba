"""The cookies of the JavaScript tracker and of the collector, which are text of the client."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from hashlib import sha1
from typing import TYPE_CHECKING, NamedTuple

from snowplow_tracker.self_describing_json import SelfDescribingJson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snowplow_tracker.subject import Subject

__all__ = ["WebIds", "cookie_hash", "parse_sp_cookies"]

CLIENT_SESSION_SCHEMA = "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2"

_NIL_UUID = "00000000-0000-0000-0000-000000000000"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_MILLISECONDS = re.compile(r"[0-9]{1,13}", re.ASCII)
# The columns and the schema of sessions have no room for larger ones.
_LARGEST_INDEX = 2_147_483_647


class WebIds(NamedTuple):
    """The ids of a visitor in the cookies of the JavaScript tracker and of the collector.

    A part that is missing or malformed is None.

    Attributes:
        domain_user_id: The id of the visitor, a UUID.
        created_ts: When the id was created, in seconds since 1970.
        visit_count: The number of the session, from 1.
        now_ts: The time of the last event, in seconds since 1970.
        last_visit_ts: The time of the last event of the session before, in seconds since 1970.
        session_id: A UUID.
        previous_session_id: A UUID.
        first_event_id: The id of the session's first event, a UUID.
        first_event_ts_ms: The time of the session's first event, in milliseconds since 1970.
        event_index: The number of the last event in the session, from 1.
        network_user_id: The visitor's id in the collector's cookie, a UUID.
        session_active: Whether the browser says that the session is going on.
    """

    domain_user_id: str | None = None
    created_ts: int | None = None
    visit_count: int | None = None
    now_ts: int | None = None
    last_visit_ts: int | None = None
    session_id: str | None = None
    previous_session_id: str | None = None
    first_event_id: str | None = None
    first_event_ts_ms: int | None = None
    event_index: int | None = None
    network_user_id: str | None = None
    session_active: bool = False

    def fields(self) -> dict[str, str | int]:
        """Return the ids by their names in the tracker protocol: duid, vid, sid, tnuid."""
        fields = {
            "duid": self.domain_user_id,
            "vid": self.visit_count,
            "sid": self.session_id,
            "tnuid": self.network_user_id,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def apply(self, subject: Subject) -> None:
        """Set the ids of a subject. Fields whose id is None stay as they are."""
        subject.standard_nv_pairs.update(self.fields())

    def client_session(self) -> SelfDescribingJson | None:
        """Return the session as an entity, client_session 1-0-2, or None without a session."""
        if self.session_id is None or self.visit_count is None:
            return None
        is_anonymous = self.domain_user_id is None
        data = {
            "userId": _NIL_UUID if is_anonymous else self.domain_user_id,
            "sessionId": self.session_id,
            "sessionIndex": self.visit_count,
            "eventIndex": self.event_index,
            "previousSessionId": None if is_anonymous else self.previous_session_id,
            "firstEventId": self.first_event_id,
            "firstEventTimestamp": _iso(self.first_event_ts_ms),
            "storageMechanism": "COOKIE_1",
        }
        return SelfDescribingJson(CLIENT_SESSION_SCHEMA, data)


def parse_sp_cookies(
    cookies: Mapping[str, str],
    *,
    cookie_prefix: str = "_sp_",
    domain_hash: str | None = None,
    collector_cookie: str = "sp",
) -> WebIds | None:
    """Read the cookies of the JavaScript tracker and of the collector.

    Cookies are text of the client: whatever is malformed is left out, and nothing raises.

    Args:
        cookies: The values of all cookies of the request by name.
        cookie_prefix: `cookieName` of the JavaScript tracker. Default "_sp_".
        domain_hash: Selects the cookie of one domain, if there are several: see `cookie_hash`.
            Default None, the cookie that was used last.
        collector_cookie: The name of the collector's cookie. Default "sp".

    Returns:
        The ids, or None if none of the cookies is there.
    """
    hashes = [domain_hash] if domain_hash is not None else _hashes(cookies, f"{cookie_prefix}id.")
    found = [
        (cookie_hash, _parts(value))
        for cookie_hash in hashes
        if (value := cookies.get(f"{cookie_prefix}id.{cookie_hash}")) is not None
    ]
    network_user_id = cookies.get(collector_cookie)
    if not found and network_user_id is None:
        return None
    last_hash, parts = max(found, key=_last_used, default=("", _parts("")))
    return WebIds(
        _uuid(parts[0]),
        _seconds(parts[1]),
        _index(parts[2]),
        _seconds(parts[3]),
        _seconds(parts[4]),
        _uuid(parts[5]),
        _uuid(parts[6]),
        _uuid(parts[7]),
        _number(parts[8], _MILLISECONDS),
        _index(parts[9]),
        _uuid(network_user_id),
        bool(last_hash) and f"{cookie_prefix}ses.{last_hash}" in cookies,
    )


def cookie_hash(domain: str, path: str = "/") -> str:
    """Return the four digits in the names of the JavaScript tracker's cookies.

    Args:
        domain: `cookieDomain` of the JavaScript tracker as it is configured, such as
            ".example.com". Without it, the host name of the page.
        path: `cookiePath` of the JavaScript tracker. Default "/".
    """
    text = (domain + path).encode("utf-8", "replace")
    return sha1(text, usedforsecurity=False).hexdigest()[:4]


def _hashes(cookies: Mapping[str, str], prefix: str) -> list[str]:
    return [name[len(prefix) :] for name in cookies if name.startswith(prefix)]


def _parts(value: str) -> Sequence[str]:
    # Old versions of the JavaScript tracker write five or six parts.
    parts = value.split(".") if len(value) <= 1_000 else []  # noqa: PLR2004 - ten parts have 250
    return [*parts, *[""] * 10][:10]


def _last_used(cookie: tuple[str, Sequence[str]]) -> int:
    return _seconds(cookie[1][3]) or 0


def _uuid(text: str | None) -> str | None:
    # The schema of sessions accepts lowercase digits only.
    return text.lower() if text is not None and _UUID.fullmatch(text) else None


def _number(text: str, pattern: re.Pattern[str]) -> int | None:
    return int(text) if pattern.fullmatch(text) else None


def _seconds(text: str) -> int | None:
    return _number(text, _SECONDS)


def _index(text: str) -> int | None:
    number = _number(text, _SECONDS)
    return number if number is not None and number <= _LARGEST_INDEX else None


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    time = datetime.fromtimestamp(milliseconds // 1_000, tz=timezone.utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1_000:03}Z"
