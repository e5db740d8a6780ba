"""Snowplow's own entities and events, as functions: each argument is a field of the schema."""

from __future__ import annotations

import os
import platform
import sys
import threading
import traceback
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, get_args

from snowplow_tracker._native import SelfDescribing, SelfDescribingJson
from snowplow_tracker.constants import BASE_SCHEMA_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

__all__ = [
    "application_error",
    "client_session",
    "consent_preferences",
    "desktop_context",
    "event_specification",
    "gdpr",
    "geolocation",
    "identify",
]

LegalBasis = Literal[
    "consent",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
]
ConsentChoice = Literal[
    "deny_all",
    "allow_all",
    "allow_selected",
    "pending",
    "implicit_consent",
    "withdrawn",
    "expired",
]
StorageMechanism = Literal["SQLITE", "COOKIE_1", "COOKIE_3", "LOCAL_STORAGE", "FLASH_LSO"]

# The longest texts that the schemas allow.
_MESSAGE, _STACK_TRACE, _NAME = 2048, 8192, 1024


def gdpr(
    basis: LegalBasis,
    document_id: str | None = None,
    document_version: str | None = None,
    document_description: str | None = None,
) -> SelfDescribingJson:
    """Return the entity `gdpr`: the legal basis on which data is processed.

    Args:
        basis: The basis: "consent", "contract", "legal_obligation", "vital_interests",
            "public_task" or "legitimate_interests".
        document_id: The document that explains it, at most 255 characters.
        document_version: Its version, at most 16 characters.
        document_description: What it says, at most 4,096 characters.

    Raises:
        ValueError: `basis` is none of these.
    """
    return _entity(
        "gdpr/jsonschema/1-0-0",
        basisForProcessing=_one_of("basis", basis, get_args(LegalBasis)),
        documentId=document_id,
        documentVersion=document_version,
        documentDescription=document_description,
    )


def client_session(
    user_id: UUID | str,
    session_id: UUID | str,
    session_index: int,
    *,
    event_index: int | None = None,
    previous_session_id: UUID | str | None = None,
    first_event_id: UUID | str | None = None,
    first_event_timestamp: datetime | None = None,
    storage_mechanism: StorageMechanism = "COOKIE_1",
) -> SelfDescribingJson:
    """Return the entity `client_session`: the session that an event belongs to.

    Args:
        user_id: The id of the user's device, a UUID.
        session_id: The id of the session, a UUID.
        session_index: The number of the session, from 1 on.
        event_index: The number of the event in the session. Default None: unknown.
        previous_session_id: The id of the session before. Default None.
        first_event_id: The id of the session's first event. Default None: unknown.
        first_event_timestamp: Its time, with a time zone. Default None: unknown.
        storage_mechanism: Where the ids are kept. Default "COOKIE_1".

    Raises:
        ValueError: The time has no time zone, or `storage_mechanism` is unknown.
    """
    started = first_event_timestamp
    return _entity(
        "client_session/jsonschema/1-0-2",
        userId=str(user_id).lower(),
        sessionId=str(session_id).lower(),
        sessionIndex=session_index,
        eventIndex=event_index,
        previousSessionId=_uuid(previous_session_id),
        firstEventId=_uuid(first_event_id),
        firstEventTimestamp=None if started is None else _in_utc(started).isoformat(),
        storageMechanism=_one_of(
            "storage_mechanism", storage_mechanism, get_args(StorageMechanism)
        ),
    )


def consent_preferences(
    choice: ConsentChoice,
    basis: LegalBasis,
    consent_url: str,
    consent_version: str,
    consent_scopes: Sequence[str],
    domains_applied: Sequence[str],
    gdpr_applies: bool | None = None,
) -> SelfDescribingJson:
    """Return the data of the event `consent_preferences`: a user made a choice about consent.

    Track it with `SelfDescribing(consent_preferences(...))`.

    Args:
        choice: "deny_all", "allow_all", "allow_selected", "pending", "implicit_consent",
            "withdrawn" or "expired".
        basis: The legal basis: see `gdpr`.
        consent_url: Address of the document that the user agreed to.
        consent_version: Its version, at most 16 characters.
        consent_scopes: What the user agreed to, at least one.
        domains_applied: Where that applies, at least one.
        gdpr_applies: Whether the GDPR applies. Default None: unknown.

    Raises:
        ValueError: `choice` or `basis` is none of these, or a sequence is empty.
    """
    return _entity(
        "consent_preferences/jsonschema/1-0-0",
        eventType=_one_of("choice", choice, get_args(ConsentChoice)),
        basisForProcessing=_one_of("basis", basis, get_args(LegalBasis)),
        consentUrl=consent_url,
        consentVersion=consent_version,
        consentScopes=_texts("consent_scopes", consent_scopes),
        domainsApplied=_texts("domains_applied", domains_applied),
        gdprApplies=gdpr_applies,
    )


def geolocation(
    latitude: float,
    longitude: float,
    *,
    accuracy: float | None = None,
    altitude: float | None = None,
    altitude_accuracy: float | None = None,
    bearing: float | None = None,
    speed: float | None = None,
    timestamp: datetime | int | None = None,
) -> SelfDescribingJson:
    """Return the entity `geolocation_context`: where a user is, as the device measures it.

    Args:
        latitude: Degrees, from -90 to 90.
        longitude: Degrees, from -180 to 180.
        accuracy: That of latitude and longitude, in metres.
        altitude: Metres above sea level.
        altitude_accuracy: Metres.
        bearing: Degrees, clockwise from north.
        speed: Metres per second.
        timestamp: When it was measured: a time with a time zone, or milliseconds since 1970.

    Raises:
        ValueError: Latitude or longitude is out of range, or the time has no time zone.
    """
    if isinstance(timestamp, datetime):
        timestamp = int(_in_utc(timestamp).timestamp() * 1000)
    return _entity(
        "geolocation_context/jsonschema/1-1-0",
        latitude=_within("latitude", latitude, 90),
        longitude=_within("longitude", longitude, 180),
        latitudeLongitudeAccuracy=accuracy,
        altitude=altitude,
        altitudeAccuracy=altitude_accuracy,
        bearing=bearing,
        speed=speed,
        timestamp=timestamp,
    )


def desktop_context() -> SelfDescribingJson:
    """Return the entity `desktop_context` of the computer that the program runs on."""
    return _entity(
        "desktop_context/jsonschema/1-0-0",
        osType=platform.system() or "unknown",
        osVersion=platform.release() or "unknown",
        osIs64Bit=sys.maxsize > 2**32,
        deviceProcessorCount=os.cpu_count(),
    )


def event_specification(
    id: str,
    *,
    name: str | None = None,
    data_product_id: str | None = None,
    data_product_name: str | None = None,
    data_product_domain: str | None = None,
    version: int | None = None,
) -> SelfDescribingJson:
    """Return the entity `event_specification`: which one of a tracking plan an event implements.

    Args:
        id: Its id.
        name: Its name.
        data_product_id: The id of the data product that it is in.
        data_product_name: The name of that.
        data_product_domain: The domain of that.
        version: The version of the specification, from 0 on.

    Raises:
        ValueError: `id` is empty.
    """
    if not id:
        raise ValueError("id is empty.")
    return _entity(
        "event_specification/jsonschema/1-0-4",
        id=id,
        name=name,
        data_product_id=data_product_id,
        data_product_name=data_product_name,
        data_product_domain=data_product_domain,
        version=version,
    )


def identify(id: str | None = None, email: str | None = None) -> SelfDescribingJson:
    """Return the data of the event `identify`: who a user is.

    Track it with `SelfDescribing(identify(...))`.

    Args:
        id: The user's id, at most 256 characters.
        email: The user's address, at most 256 characters.

    Raises:
        ValueError: Neither is given.
    """
    if not id and not email:
        raise ValueError("id or email must be given")
    return _entity("identify/jsonschema/1-0-0", id=id, email=email)


def application_error(
    error: BaseException, *, is_fatal: bool = False, message: str | None = None
) -> SelfDescribing:
    """Return the event `application_error` of an exception. Long texts are cut.

    Args:
        error: The exception, with the traceback that it has now.
        is_fatal: Whether the program ends by it. Default False.
        message: What happened. Default: the text of the exception, which may contain personal data.
    """
    frames = traceback.extract_tb(error.__traceback__)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    thread = threading.current_thread()
    kind = type(error)
    text = _text_of(error) if message is None else message
    data = _entity(
        "application_error/jsonschema/1-0-2",
        programmingLanguage="PYTHON",
        message=(text or kind.__name__)[:_MESSAGE],
        threadName=thread.name[:_NAME],
        stackTrace=_stack_trace(error),
        causeStackTrace=None if cause is None else _stack_trace(cause),
        lineNumber=frames[-1].lineno if frames else None,
        fileName=frames[-1].filename[-_NAME:] if frames else None,
        className=kind.__qualname__[:_NAME],
        exceptionName=f"{kind.__module__}.{kind.__qualname__}"[:_NAME],
        isFatal=is_fatal,
    )
    return SelfDescribing(data)


def _entity(schema: str, **fields: Any) -> SelfDescribingJson:
    """Return an entity with the fields that are not None."""
    data = {name: value for name, value in fields.items() if value is not None}
    return SelfDescribingJson(f"{BASE_SCHEMA_PATH}/{schema}", data)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}: {value!r}")
    return value


def _within(name: str, value: float, limit: int) -> float:
    if not -limit <= value <= limit:
        raise ValueError(f"{name} must be from {-limit} to {limit}: {value!r}")
    return value


def _texts(name: str, values: Sequence[str]) -> list[str]:
    if isinstance(values, str) or not values:
        raise ValueError(f"{name} must be a sequence of texts, at least one: {values!r}")
    return list(values)


def _uuid(value: UUID | str | None) -> str | None:
    return None if value is None else str(value).lower()


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"a time must have a time zone: {moment!r}")
    return moment.astimezone(timezone.utc)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the program's own `__str__`
        return ""


def _stack_trace(error: BaseException) -> str:
    """Return the traceback of an exception without its causes: the end of it, which tells most."""
    lines = traceback.format_exception(type(error), error, error.__traceback__, chain=False)
    return "".join(lines)[-_STACK_TRACE:]
