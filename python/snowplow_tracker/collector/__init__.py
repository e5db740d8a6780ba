"""Local collector: takes events over HTTP, says of each whether it is good, and answers queries.

``python -m snowplow_tracker.collector`` runs it; `CollectorServer` embeds it in a test. It stands
in for a Snowplow collector with validation behind it and answers the REST calls of Snowplow Micro.
Needs the extra ``collector``; importing this package does not.
"""

from __future__ import annotations

from snowplow_tracker.collector.journal import Counts, Journal
from snowplow_tracker.collector.server import CollectorServer

__all__ = ["CollectorServer", "Counts", "Journal"]
