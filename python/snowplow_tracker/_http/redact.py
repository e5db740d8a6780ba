"""Texts for logs and `stats()`: without passwords, event data, and characters for terminals."""

from __future__ import annotations

from snowplow_tracker._terminal import escape_unprintable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["describe", "describe_foreign", "printable", "quotes_urls", "redact_url"]

# Patterns are compiled at their first use: `re` is slow to import.
_WELL_FORMED_HOST = r"(\[[0-9A-Fa-f:.%]*\]|[^@:\s]*)(:[0-9]*)?"
_URL = r"""[A-Za-z][A-Za-z0-9+.-]*://[^\s'"<>]*"""
_QUERY = r"""\?[^\s'"<>]*"""
_PLAIN_TEXT = r"[\w .,-]*"
# The texts of their exceptions contain URLs, also malformed ones: "Failed to parse: 'user:secret'".
_LIBRARIES = ("requests.", "urllib3.", "http.client")
_REDIS_CODE = r"[A-Z]{3,}(?= )"
_MAX_LENGTH = 300
_MAX_CAUSES = 8


def redact_url(uri: object) -> str:
    """Return a URL without user name, password, query and fragment, as it may be logged.

    Of a malformed URL, whose password may contain any character, only what follows the last "@" is
    left.
    """
    scheme, separator, rest = _split(str(uri))
    if "@" in rest and not _is_well_formed(_until("/?#\\", rest)):
        rest = rest.rpartition("@")[2]
    return printable(f"{scheme}{separator}{_until('?#', rest)}")


def _until(ends: str, text: str) -> str:
    """Return what stands before the first of some characters."""
    for end in ends:
        text = text.partition(end)[0]
    return text


def _is_well_formed(host: str) -> bool:
    import re  # noqa: PLC0415 - slow to import, rarely needed

    return re.fullmatch(_WELL_FORMED_HOST, host) is not None


def _split(uri: str) -> tuple[str, str, str]:
    scheme, separator, rest = uri.partition("://")
    return (scheme, separator, rest) if separator else ("", "", uri)


def describe(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """Return the types of an exception and its causes, and the text of the last one.

    Args:
        error: The exception.
        secrets: Values that are left out of the text.

    The texts of exceptions of requests, urllib3 and `http.client` are left out, as are those of
    `ValueError`: they quote what could not be parsed.
    """
    names, last = [], error
    for _ in range(_MAX_CAUSES):
        names.append(type(last).__name__)
        cause = _cause(last) if _is_of_library(last) else None
        if cause is None:
            break
        last = cause
    text = "" if _has_secrets(last) else str(last)
    for secret in secrets:
        text = text.replace(secret, "***")
    return ": ".join([*names, *([_without_urls(text)] if text else [])])


def describe_foreign(error: BaseException) -> str:
    """Return the types of an exception of a broker or database, and the system's message if any.

    The texts are left out: those of redis, kombu and its transports may contain commands with
    events, and URLs with passwords. Of redis, the code that a text begins with is kept.
    """
    import re  # noqa: PLC0415 - see `_is_well_formed`

    names: list[str] = []
    last: BaseException | None = error
    while last is not None and len(names) < _MAX_CAUSES:
        code = (
            re.match(_REDIS_CODE, str(last)) if type(last).__module__.startswith("redis.") else None
        )
        names.append(f"{type(last).__name__}: {code[0]}" if code else type(last).__name__)
        system = last.strerror if isinstance(last, OSError) else None
        if system:
            return ": ".join([*names, printable(str(system))])
        last = last.__cause__ or last.__context__
    return ": ".join(names)


def quotes_urls(error: BaseException) -> bool:
    """Whether a traceback would show an exception of requests, urllib3 or `http.client`."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or each in seen:
            continue
        if _is_of_library(each):
            return True
        seen.append(each)
        waiting += each.__cause__, each.__context__
    return False


def _is_of_library(error: BaseException) -> bool:
    return type(error).__module__.startswith(_LIBRARIES)


def _cause(error: BaseException) -> BaseException | None:
    candidates = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    causes = (each for each in candidates if isinstance(each, BaseException) and each is not error)
    return next(causes, None)


def _has_secrets(error: BaseException) -> bool:
    if type(error).__name__ == "CertificateError":  # of urllib3 1.26: the names of hosts
        return False
    # `ssl.SSLCertVerificationError` is both, and its text is safe.
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return True
    # Mocks raise exceptions of requests with a short text of their own.
    return _is_of_library(error) and not _is_plain(str(error))


def _is_plain(text: str) -> bool:
    import re  # noqa: PLC0415 - see `_is_well_formed`

    return re.fullmatch(_PLAIN_TEXT, text) is not None


def _without_urls(text: str) -> str:
    import re  # noqa: PLC0415 - see `_is_well_formed`

    # The last "@" first: in front of it, a password may contain blanks and quotes.
    start, separator, rest = text.partition("://")
    if separator and "@" in rest:
        text = f"{start}{separator}{rest.rpartition('@')[2]}"
    text = re.sub(_URL, lambda url: redact_url(url[0]), text)
    return printable(re.sub(_QUERY, "", text))


def printable(text: str) -> str:
    """Return a text as one line that a terminal only prints, at most 300 characters."""
    safe = escape_unprintable(text)
    return safe if len(safe) <= _MAX_LENGTH else f"{safe[:_MAX_LENGTH]}..."
