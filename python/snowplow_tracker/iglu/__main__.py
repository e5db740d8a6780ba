"""Run the commands for schemas."""

from __future__ import annotations

import sys

from snowplow_tracker.iglu.commands import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
