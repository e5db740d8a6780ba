"""Records to send, and how a collector responds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from tests.support import Request


def record(label: object, **fields: Any) -> dict[str, Any]:
    return {"event": "struct", "category": "c", "action": "a", "label": str(label), **fields}


def holding(label: str, released: threading.Event) -> Callable[[Request], int]:
    """Respond with 200, but to the request that has the event of a label only when released."""

    def respond(request: Request) -> int:
        assert label not in request.labels or released.wait(20)
        return 200

    return respond
