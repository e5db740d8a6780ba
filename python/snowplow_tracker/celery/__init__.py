"""Send events through Celery: `CeleryEmitter` hands them to a worker, which sends them.

The class needs the extra ``celery``. Importing this package does not.
"""

from __future__ import annotations

from snowplow_tracker.celery.celery_emitter import CeleryEmitter

__all__ = ["CeleryEmitter"]
