"""This package, and snowplow-tracker 1.x: the argument is the name of the emitter's class."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import snowplow_tracker
from benches.field.job import JOB, PAGE, USER_ID
from benches.field.libraries.client import serve_client
from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, Subject, Tracker

IS_OURS = find_spec("snowplow_tracker._native") is not None
SCHEMA, ORDER_DATA = JOB["schema"], JOB["order"]
ENTITIES = [(entity["schema"], entity["data"]) for entity in JOB["entities"]]


Emitter: Any = getattr(snowplow_tracker, sys.argv[1])


class EncodingOnly(Emitter):  # type: ignore[misc]  # named by an argument
    """An emitter whose requests end where both packages hand a body over."""

    def http_post(self, data: str) -> int:
        return 200 if data else 400


class Client:
    def __init__(self, url: str, is_encode_only: bool) -> None:
        emitter = (EncodingOnly if is_encode_only else Emitter)(url)
        subject = Subject().set_user_id(USER_ID)
        self._tracker = Tracker("field", emitter, subject=subject, app_id="shop")
        self.finish = self._tracker.flush

    def order(self) -> None:
        entities = [SelfDescribingJson(schema, data) for schema, data in ENTITIES]
        order = SelfDescribingJson(SCHEMA, ORDER_DATA)
        self._tracker.track(SelfDescribing(order, context=entities))

    def page_view(self) -> None:
        self._tracker.track(PageView(PAGE["url"], PAGE["title"], PAGE["referrer"]))


if __name__ == "__main__":
    serve_client("snowplow-tracker-rs" if IS_OURS else "snowplow-tracker", Client)
