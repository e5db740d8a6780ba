"""A Django middleware that creates a scope for each request; an app that checks its settings."""

from __future__ import annotations

from snowplow_tracker.web.django._middleware import SnowplowMiddleware

__all__ = ["SnowplowMiddleware"]
