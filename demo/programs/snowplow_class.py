"""Version 1.x: the Snowplow class creates and stores trackers."""

import sys

from snowplow_tracker import (
    EmitterConfiguration,
    PageView,
    Snowplow,
    StructuredEvent,
    TrackerConfiguration,
)

Snowplow.create_tracker(
    namespace="one",
    endpoint=f"http://127.0.0.1:{sys.argv[1]}",
    app_id="shop",
    tracker_config=TrackerConfiguration(encode_base64=False),
    emitter_config=EmitterConfiguration(batch_size=5),
)
tracker = Snowplow.get_tracker("one")
if tracker is not None:
    for page in range(7):
        tracker.track(PageView(f"https://www.example.com/{page}"))
    tracker.track(StructuredEvent("pages", "read", value=7))
