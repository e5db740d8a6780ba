"""snowplow-tracker 0.x."""

from __future__ import annotations

from urllib.parse import urlsplit

from benches.field.job import JOB, PAGE, USER_ID
from benches.field.libraries.client import serve_client
from snowplow_tracker import Emitter, SelfDescribingJson, Subject, Tracker

SCHEMA, ORDER_DATA = JOB["schema"], JOB["order"]
ENTITIES = [(entity["schema"], entity["data"]) for entity in JOB["entities"]]


class Client:
    def __init__(self, url: str, _is_encode_only: bool) -> None:
        address = urlsplit(url)
        # Its default method is GET, with a request for each event.
        emitter = Emitter(str(address.hostname), port=address.port, method="post")
        subject = Subject().set_user_id(USER_ID)
        self._tracker = Tracker(emitter, subject, "field", "shop")

    def order(self) -> None:
        entities = [SelfDescribingJson(schema, data) for schema, data in ENTITIES]
        order = SelfDescribingJson(SCHEMA, ORDER_DATA)
        self._tracker.track_self_describing_event(order, entities)

    def page_view(self) -> None:
        self._tracker.track_page_view(PAGE["url"], PAGE["title"], PAGE["referrer"])

    def finish(self) -> None:
        self._tracker.flush()


if __name__ == "__main__":
    serve_client("snowplow-tracker", Client)
