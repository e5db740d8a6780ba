"""Version 1.x: the namespace comes first, and events are objects."""

import sys

from snowplow_tracker import (
    Emitter,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
)

emitter = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http")
tracker = Tracker(namespace="ns", emitters=emitter, app_id="shop")

film = SelfDescribingJson("iglu:com.example/film/jsonschema/1-0-0", {"title": "Metropolis"})
tracker.track(PageView("https://www.example.com/films", "Films", context=[film]))
tracker.track(PagePing("https://www.example.com/films", "Films", max_y=500))
tracker.track(ScreenView(id_="00000000-0000-4000-8000-000000000001", name="Film"))
tracker.track(SelfDescribing(film, true_timestamp=1_700_000_000_000))
tracker.track(StructuredEvent("shop", "add-to-basket", property_="pcs", value=2.5))
