"""Version 0.x: the shortest program. It never flushes; its events are sent when Python exits."""

import sys

from snowplow_tracker import Emitter, Tracker

e = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http")
t = Tracker(e)

t.track_page_view("https://www.example.com/", "Welcome")
t.track_struct_event("shop", "add-to-basket", None, "pcs", 2)
