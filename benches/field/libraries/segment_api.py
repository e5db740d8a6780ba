"""`SegmentClient`: what the libraries with Segment's interface have in common."""

from __future__ import annotations

from typing import Any

from benches.field.job import PAGE, USER_ID
from benches.field.libraries.client import ENTITIES, ORDER_DATA

__all__ = ["SegmentClient"]


class SegmentClient:
    """A library's client, made with its default settings.

    Args:
        library: The class `Client` of the library.
        url: The collector.
    """

    def __init__(self, library: Any, url: str) -> None:
        self._client = library("field", host=url)

    def order(self) -> None:
        self._client.track(USER_ID, "order", {**ORDER_DATA, **ENTITIES})

    def page_view(self) -> None:
        self._client.page(USER_ID, name=PAGE["title"], properties=dict(PAGE))

    def finish(self) -> None:
        self._client.flush()
        self._client.join()
