"""Requests: the user, page and entities of a request on each event that it tracks.

Trackers need `use_scope=True`. The modules `asgi`, `wsgi`, `flask` and `django` of this package
have middlewares that create a scope for each request.
"""

from __future__ import annotations

from snowplow_tracker._scope import Page, Scope
from snowplow_tracker.web._cookies import WebIds, cookie_hash, parse_sp_cookies
from snowplow_tracker.web._request_scope import current_scope, request_scope

__all__ = [
    "Page",
    "Scope",
    "WebIds",
    "cookie_hash",
    "current_scope",
    "parse_sp_cookies",
    "request_scope",
]
