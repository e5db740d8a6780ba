"""The page on compatibility has every public name; `test_promises.py` checks its promises."""

from __future__ import annotations

import importlib
import re

import pytest
from tests.docs.named_tests import ROOT

import snowplow_tracker
from snowplow_tracker import (
    Event,
    PagePing,
    PageView,
    Payload,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    StructuredEvent,
    Subject,
    Tracker,
    TrackerConfiguration,
)

PAGE = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
MODULES = [
    *("constants", "contracts", "emitter_configuration", "emitters", "event_store", "events"),
    *("payload", "self_describing_json", "snowplow", "subject", "tracker", "typing", "_version"),
    *("tracker_configuration", "redis", "celery"),
]
CLASSES = [
    *(Event, PagePing, PageView, ScreenView, SelfDescribing, StructuredEvent, SelfDescribingJson),
    *(Payload, Snowplow, Subject, Tracker, TrackerConfiguration),
]
# Names that no original has, for other parts of this package.
OWN = {"CustomHeaders", "DataclassInstance", "JsonData", "SupportsInput", "STORE_METHODS"}


def is_on_the_page(name: str) -> bool:
    return re.search(rf"`{name}\b", PAGE) is not None


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_on_the_page(module):
    names = importlib.import_module(f"snowplow_tracker.{module}").__all__
    assert [name for name in names if not is_on_the_page(name) and name not in OWN] == []


def test_every_name_of_the_package_is_on_the_page():
    assert [name for name in snowplow_tracker.__all__ if not is_on_the_page(name)] == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_method_and_attribute_is_on_the_page(kind):
    names = {name for name in (*dir(kind), *_annotated(kind)) if not name.startswith("_")}
    assert sorted(name for name in names if not is_on_the_page(name)) == []


def _annotated(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name in vars(base).get("__annotations__", ())]
