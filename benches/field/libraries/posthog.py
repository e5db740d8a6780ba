"""posthog."""

from __future__ import annotations

from posthog import Posthog

from benches.field.job import PAGE, USER_ID
from benches.field.libraries.client import ENTITIES, ORDER_DATA, serve_client


class Client:
    def __init__(self, url: str, _is_encode_only: bool) -> None:
        self._client = Posthog("phc_field", host=url)
        self.finish = self._client.shutdown

    def order(self) -> None:
        properties = {**ORDER_DATA, **ENTITIES}
        self._client.capture("order", distinct_id=USER_ID, properties=properties)

    def page_view(self) -> None:
        properties = {
            "$current_url": PAGE["url"],
            "$title": PAGE["title"],
            "$referrer": PAGE["referrer"],
        }
        self._client.capture("$pageview", distinct_id=USER_ID, properties=properties)


if __name__ == "__main__":
    serve_client("posthog", Client)
