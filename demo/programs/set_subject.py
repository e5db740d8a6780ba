"""Version 0.x: replace a tracker's subject, and pass a subject for a single event."""

import sys

from snowplow_tracker import Emitter, Subject, Tracker

e = Emitter("127.0.0.1", port=int(sys.argv[1]), protocol="http")
t = Tracker(e)
t.track_page_view("https://www.example.com/1")
t.set_subject(Subject().set_platform("mob").set_user_id("user-2"))
t.track_page_view("https://www.example.com/2")
t.track_page_view("https://www.example.com/3", event_subject=Subject().set_user_id("user-3"))
