"""Version 0.x: each event is sent by two emitters, one with POST and one with GET."""

import sys

from snowplow_tracker import Emitter, Tracker

e1 = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http")
e2 = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http", method="get")
tracker = Tracker([e1, e2])

tracker.track_page_view("https://www.example.com/both", "Grüße & 你好")
