"""Snowplow's own entities: valid by their real schemas, with the fields that they are given."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from tests.hooks.conftest import Sink

from snowplow_tracker import SelfDescribing, SelfDescribingJson, Tracker
from snowplow_tracker.entities import (
    application_error,
    client_session,
    consent_preferences,
    desktop_context,
    event_specification,
    gdpr,
    geolocation,
    identify,
)
from snowplow_tracker.iglu import Resolver, StandardRegistry, Validator

USER, SESSION = "0f5e8c2a-91d4-4b7e-a3c6-5d2f1b7a9e04", "1f5e8c2a-91d4-4b7e-a3c6-5d2f1b7a9e04"
NOON = datetime(2026, 5, 4, 14, tzinfo=timezone(timedelta(hours=2)))
consent: Any = {
    "choice": "allow_selected",
    "basis": "consent",
    "consent_url": "https://shop.example/consent",
    "consent_version": "1.0",
    "consent_scopes": ["analytics"],
    "domains_applied": ["shop.example"],
}
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "gdpr": (gdpr("consent"), {"basisForProcessing": "consent"}),
    "gdpr with a document": (
        gdpr("contract", "terms", "1.0", "Terms of use"),
        {"documentId": "terms", "documentVersion": "1.0", "documentDescription": "Terms of use"},
    ),
    "session": (
        client_session(UUID(USER), SESSION.upper(), 3),
        {"userId": USER, "sessionId": SESSION, "sessionIndex": 3, "storageMechanism": "COOKIE_1"},
    ),
    "session with all": (
        client_session(
            *(USER, SESSION, 3),
            event_index=7,
            previous_session_id=USER,
            first_event_id=UUID(SESSION),
            first_event_timestamp=NOON,
            storage_mechanism="SQLITE",
        ),
        {"firstEventTimestamp": "2026-05-04T12:00:00+00:00", "firstEventId": SESSION},
    ),
    "consent": (consent_preferences(**consent), {"eventType": "allow_selected"}),
    "consent under the GDPR": (
        consent_preferences(**consent, gdpr_applies=False),
        {"gdprApplies": False},
    ),
    "geolocation": (geolocation(48.1, -11.5), {"latitude": 48.1, "longitude": -11.5}),
    "geolocation with all": (
        geolocation(
            *(-90, 180),
            accuracy=5,
            altitude=520.5,
            altitude_accuracy=3,
            bearing=90,
            speed=1.5,
            timestamp=NOON,
        ),
        {"latitudeLongitudeAccuracy": 5, "timestamp": 1777896000000, "bearing": 90},
    ),
    "computer": (desktop_context(), {}),
    "specification": (event_specification("a1"), {"id": "a1"}),
    "specification with all": (
        event_specification(
            "a1",
            name="Add to cart",
            data_product_id="p1",
            data_product_name="Shop",
            data_product_domain="Sales",
            version=2,
        ),
        {"data_product_domain": "Sales", "version": 2},
    ),
    "identify": (identify("user", "user@shop.example"), {"id": "user"}),
    "identify by address": (identify(email="user@shop.example"), {"email": "user@shop.example"}),
}


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(Resolver([StandardRegistry()]))


@pytest.mark.parametrize("case", CASES)
def test_each_is_valid_by_its_schema(validator, case):
    built, expected = CASES[case]
    assert isinstance(built, SelfDescribingJson)
    assert validator.validate(built.to_json()) == []
    assert built.data.items() >= expected.items()
    assert None not in built.data.values()


class AppError(Exception):
    """One of the program's own."""


class Unprintable(Exception):  # noqa: N818 - it is one that nobody can print
    def __str__(self) -> str:
        raise ValueError("no text")


def caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause  # noqa: TRY301 - it needs a traceback
    except BaseException as raised:  # noqa: BLE001 - whatever was given
        return raised


@pytest.mark.parametrize(
    "error",
    [
        AppError("out of stock"),
        AppError(),
        AppError("é" * 5_000),
        caught(AppError("out of stock")),
        caught(AppError("x" * 20_000), caught(KeyError("y" * 20_000))),
        Unprintable(),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_a_valid_event(validator, error):
    event = application_error(error, is_fatal=True)
    assert isinstance(event, SelfDescribing)
    assert validator.validate(event.event_json.to_json()) == []
    data: Any = event.event_json.data
    assert data["programmingLanguage"] == "PYTHON"
    assert data["isFatal"] is True


def test_what_an_error_says():
    error = caught(AppError("out of stock"), caught(KeyError("cause")))
    sink = Sink("record")
    Tracker("ns", sink.emitter).track(application_error(error))
    data = sink.last()["data"]["data"]
    assert data["message"] == "out of stock"
    assert data["exceptionName"] == f"{__name__}.AppError"
    assert data["fileName"] == __file__
    assert data["lineNumber"] == caught.__code__.co_firstlineno + 2
    assert data["stackTrace"].endswith("AppError: out of stock\n")
    assert "KeyError" not in data["stackTrace"]
    assert data["causeStackTrace"].endswith("KeyError: 'cause'\n")
    assert data["threadName"] == "MainThread"
    event: Any = application_error(error, message="An order failed").event_json.data
    assert event["message"] == "An order failed"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: gdpr("because"), "basis must be one of consent, contract"),  # type: ignore[arg-type]
        (lambda: consent_preferences(**{**consent, "choice": "maybe"}), "choice must be one of"),
        (lambda: consent_preferences(**{**consent, "consent_scopes": []}), "consent_scopes"),
        (lambda: consent_preferences(**{**consent, "domains_applied": "x"}), "domains_applied"),
        (lambda: geolocation(91, 0), "latitude must be from -90 to 90"),
        (lambda: geolocation(0, float("nan")), "longitude"),
        (lambda: geolocation(0, 0, timestamp=datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001
        (lambda: event_specification(""), "id is empty"),
        (identify, "id or email"),
        (
            lambda: client_session(USER, SESSION, 1, storage_mechanism="X"),  # type: ignore[arg-type]
            "storage_mechanism must be one of SQLITE",
        ),
    ],
)
def test_what_no_schema_allows_is_a_value_error(build, message):
    with pytest.raises(ValueError, match=message):
        build()
