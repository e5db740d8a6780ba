"""amplitude-analytics."""

from __future__ import annotations

from amplitude import Amplitude, BaseEvent, Config

from benches.field.job import PAGE, USER_ID
from benches.field.libraries.client import ENTITIES, ORDER_DATA, serve_client


class Client:
    def __init__(self, url: str, _is_encode_only: bool) -> None:
        self._client = Amplitude("field", Config(server_url=f"{url}/2/httpapi"))

    def order(self) -> None:
        properties = {**ORDER_DATA, **ENTITIES}
        self._client.track(BaseEvent("order", user_id=USER_ID, event_properties=properties))

    def page_view(self) -> None:
        self._client.track(BaseEvent("page view", user_id=USER_ID, event_properties=dict(PAGE)))

    def finish(self) -> None:
        for future in self._client.flush():
            future.result()
        self._client.shutdown()


if __name__ == "__main__":
    serve_client("amplitude-analytics", Client)
