"""Local collector: receives events over HTTP, validates each, and answers queries about them.

``python -m snowplow_tracker.collector`` runs it; `CollectorServer` embeds it in a test. It replaces
a Snowplow collector and the validation that follows it, and answers the REST calls of Snowplow
Micro: https://docs.snowplow.io/docs/api-reference/snowplow-micro/api/

It needs the extra ``collector``. Importing this package does not.
"""

from __future__ import annotations

from snowplow_tracker.collector.journal import Counts, Journal
from snowplow_tracker.collector.server import CollectorServer

__all__ = ["CollectorServer", "Counts", "Journal"]
