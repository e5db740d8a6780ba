"""segment-analytics-python."""

from __future__ import annotations

from segment.analytics.client import Client as Library

from benches.field.job import PAGE, USER_ID
from benches.field.libraries.client import ENTITIES, ORDER_DATA, serve_client


class Client:
    def __init__(self, url: str, _is_encode_only: bool) -> None:
        self._client = Library("field", host=url)

    def order(self) -> None:
        self._client.track(USER_ID, "order", {**ORDER_DATA, **ENTITIES})

    def page_view(self) -> None:
        self._client.page(USER_ID, name=PAGE["title"], properties=dict(PAGE))

    def finish(self) -> None:
        self._client.flush()
        self._client.join()


if __name__ == "__main__":
    serve_client("segment-analytics-python", Client)
