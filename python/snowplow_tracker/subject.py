"""`Subject`: the user or device to track."""

from __future__ import annotations

from snowplow_tracker.constants import SUPPORTED_PLATFORMS
from snowplow_tracker.contracts import greater_than, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from snowplow_tracker.typing import PayloadDict, SupportedPlatform

__all__ = ["DEFAULT_PLATFORM", "Subject"]

DEFAULT_PLATFORM = "pc"


class Subject:
    """The user or device to track: fields for every event of a tracker, or for one event.

    Every setter returns the subject, so that you can chain calls. If you set a field of an event's
    subject to None, the event does not have the field, even if the tracker's subject does.

    Attributes:
        standard_nv_pairs: The fields by their names in the tracker protocol. You may edit them.
    """

    def __init__(self) -> None:
        self.standard_nv_pairs: PayloadDict = {"p": DEFAULT_PLATFORM}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.standard_nv_pairs!r})"

    def set_platform(self, value: SupportedPlatform) -> Subject:
        """Set the platform (`p`). Default "pc".

        Raises:
            ValueError: `value` is not pc, tv, mob, cnsl, iot, web, srv, app or headset.
        """
        one_of(value, SUPPORTED_PLATFORMS, name="value")
        return _set(self, "p", value)

    def set_user_id(self, user_id: str | None) -> Subject:
        """Set the program's own id for the user (`uid`)."""
        return _set(self, "uid", user_id)

    def set_screen_resolution(self, width: int, height: int) -> Subject:
        """Set the size of the screen in pixels (`res`).

        Raises:
            ValueError: `width` or `height` is not greater than 0.
        """
        return _set(self, "res", _dimensions(width, height))

    def set_viewport(self, width: int, height: int) -> Subject:
        """Set the size of the visible page in pixels (`vp`).

        Raises:
            ValueError: `width` or `height` is not greater than 0.
        """
        return _set(self, "vp", _dimensions(width, height))

    def set_color_depth(self, depth: int | None) -> Subject:
        """Set the color depth of the screen in bits (`cd`)."""
        return _set(self, "cd", depth)

    def set_timezone(self, timezone: str | None) -> Subject:
        """Set the name of the time zone, such as "Europe/London" (`tz`)."""
        return _set(self, "tz", timezone)

    def set_lang(self, lang: str | None) -> Subject:
        """Set the language, such as "en-GB" (`lang`)."""
        return _set(self, "lang", lang)

    def set_domain_user_id(self, duid: str | None) -> Subject:
        """Set the user id from the browser tracker's first-party cookie (`duid`)."""
        return _set(self, "duid", duid)

    def set_domain_session_id(self, sid: str | None) -> Subject:
        """Set the session id from the browser tracker's cookie, a UUID (`sid`)."""
        return _set(self, "sid", sid)

    def set_domain_session_index(self, vid: int | None) -> Subject:
        """Set the number of sessions that the user has had so far (`vid`)."""
        return _set(self, "vid", vid)

    def set_ip_address(self, ip: str | None) -> Subject:
        """Set the user's IP address (`ip`)."""
        return _set(self, "ip", ip)

    def set_useragent(self, ua: str | None) -> Subject:
        """Set the user's user agent (`ua`)."""
        return _set(self, "ua", ua)

    def set_network_user_id(self, nuid: str | None) -> Subject:
        """Set the user id from the collector's cookie (`tnuid`)."""
        return _set(self, "tnuid", nuid)

    def combine_subject(self, subject: Subject | None) -> PayloadDict:
        """Return the fields of both subjects. Fields of this one override those of the other."""
        if subject is None:
            return self.standard_nv_pairs
        return {**subject.standard_nv_pairs, **self.standard_nv_pairs}


def _set(subject: Subject, field: str, value: object) -> Subject:
    subject.standard_nv_pairs[field] = value
    return subject


def _dimensions(width: int, height: int) -> str | None:
    greater_than(width, 0, name="width")
    greater_than(height, 0, name="height")
    return None if width is None or height is None else f"{width}x{height}"
