"""Run the command `snowplow-tracker`."""

from __future__ import annotations

import sys

from snowplow_tracker.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
