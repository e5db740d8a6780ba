"""Version 0.x: every parameter of the tracker, and one event of each common kind."""

import sys
from datetime import date
from typing import Any

from snowplow_tracker import Emitter, SelfDescribingJson, Subject, Tracker


def my_custom_encoder(value: Any) -> Any:
    """Encode a date as ISO 8601 text."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not serialisable: {type(value).__name__}")


e = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http")
s = Subject().set_platform("srv").set_user_id("user-1").set_screen_resolution(1920, 1080)
tracker = Tracker(
    e,
    subject=s,
    namespace="cf",
    app_id="aid",
    encode_base64=False,
    json_encoder=my_custom_encoder,
)

film = SelfDescribingJson("iglu:com.example/film/jsonschema/1-0-0", {"title": "Metropolis"})
rental = SelfDescribingJson(
    "iglu:com.example/film_rented/jsonschema/1-0-0", {"until": date(2026, 12, 31), "price": 2.5}
)
tracker.track_page_view("https://www.example.com/films", "Films", context=[film])
tracker.track_page_ping("https://www.example.com/films", "Films", None, 0, 100, 0, 500)
tracker.track_self_describing_event(rental, [film])
tracker.track_unstruct_event(rental)
tracker.track_link_click("https://www.example.com/films/1", element_id="first")
tracker.track_screen_view("Film", "film-1")
tracker.track_ecommerce_transaction(
    "order-1", 5.0, items=[{"sku": "film-1", "price": 2.5, "quantity": 2}]
)
