"""The format `email`: user@domain, with a top-level domain that exists.

https://www.iana.org/domains/root/db
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from ipaddress import AddressValueError, IPv6Address

__all__ = ["is_email"]

# The characters besides controls and blanks that a user part needs quotes for.
_WORD = r"(?:[^\x00-\x20\x7f()<>@,;:\\\".\[\]]|\\.)+"
_QUOTED = r'"(?:\\.|[^"\\])*"'
_USER = re.compile(rf"\s*(?:{_WORD}|{_QUOTED})(?:\.(?:{_WORD}|{_QUOTED}))*", re.ASCII)
_LONGEST_USER = 64
_LABEL = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_TOP_LABEL = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_LONGEST_DOMAIN = 253
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}")


def is_email(text: str) -> bool:
    """Return whether a text is an e-mail address; blanks around it do not count."""
    user, at, domain = text.strip(" \t\n\x0b\f\r").rpartition("@")
    if not at or len(user) > _LONGEST_USER or not _USER.fullmatch(user):
        return False
    if domain.startswith("[") and domain.endswith("]"):
        return _is_address(domain[1:-1])
    return _is_domain(domain)


def _is_address(text: str) -> bool:
    if _IPV4.fullmatch(text):
        return True
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _is_domain(domain: str) -> bool:
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            return False
    *labels, top = domain.split(".")
    return (
        bool(labels)
        and len(domain) <= _LONGEST_DOMAIN
        and all(map(_LABEL.fullmatch, labels))
        and _TOP_LABEL.fullmatch(top) is not None
        and top.lower() in _top_level_domains()
    )


@cache
def _top_level_domains() -> frozenset[str]:
    text = (files("snowplow_tracker.iglu") / "bundle" / "tlds.txt").read_text(encoding="ascii")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))
