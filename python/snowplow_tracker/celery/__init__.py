"""Events by way of Celery: `CeleryEmitter` hands them to a worker, which sends them.

Needs the extra ``celery``; importing this package does not.
"""

from __future__ import annotations

from snowplow_tracker.celery.celery_emitter import CeleryEmitter

__all__ = ["CeleryEmitter"]
