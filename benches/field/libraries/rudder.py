"""rudder-sdk-python."""

from __future__ import annotations

from rudderstack.analytics.client import Client

from benches.field.libraries.client import serve_client
from benches.field.libraries.segment_api import SegmentClient

if __name__ == "__main__":
    serve_client("rudder-sdk-python", lambda url, _: SegmentClient(Client, url))
