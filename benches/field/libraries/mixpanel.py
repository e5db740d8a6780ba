"""mixpanel, with its `BufferedConsumer`."""

from __future__ import annotations

from mixpanel import BufferedConsumer, Mixpanel

from benches.field.job import PAGE, USER_ID
from benches.field.libraries.client import ENTITIES, ORDER_DATA, serve_client


class Client:
    def __init__(self, url: str, _is_encode_only: bool) -> None:
        consumer = BufferedConsumer(events_url=f"{url}/track")
        self._client = Mixpanel("field", consumer=consumer)
        self.finish = consumer.flush

    def order(self) -> None:
        self._client.track(USER_ID, "order", {**ORDER_DATA, **ENTITIES})

    def page_view(self) -> None:
        self._client.track(USER_ID, "page view", dict(PAGE))


if __name__ == "__main__":
    serve_client("mixpanel", Client)
