"""`connect`: tasks of Celery run in the scope of the request that has sent them.

The scope travels in the header `snowplow_scope` of the task's message, as JSON: the fields of the
subject, the entities and the page. Tags stay in their process.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from celery import signals

from snowplow_tracker._flushing import flush
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import default_encoder
from snowplow_tracker._scope import CURRENT, Page, Scope
from snowplow_tracker._validation import require_seconds
from snowplow_tracker.self_describing_json import SelfDescribingJson

if TYPE_CHECKING:
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.tracker import Tracker

__all__ = ["HEADER", "connect", "disconnect"]

HEADER = "snowplow_scope"

_log = RateLimitedLogger(find_logger(__name__))
_UID = __name__
_settings: dict[str, Any] = {}
# The scopes around the running tasks, of which one may run another eagerly. No tokens: a task that
# the broker has delivered twice may run twice at the same time.
_outer: ContextVar[tuple[Scope | None, ...]] = ContextVar("outer", default=())


def connect(
    tracker: Tracker | Emitter | None = None, *, flush: bool = False, timeout: float = 2.0
) -> None:
    """Have tasks run in the scope of what sends them: of a request, or of another task.

    Call it once, in a module that both the senders and the workers import. It connects to signals
    of Celery, so it is for all applications of the process. A task that no scope has sent, by
    Celery beat for example, runs without a scope.

    Args:
        tracker: The tracker, or emitter, that `flush` is for. Default None: all open emitters.
        flush: Whether to deliver the events at the end of each task, instead of when a batch is
            full and at the end of the worker. Default False.
        timeout: Maximum seconds that this may take. Events that are left are logged, and delivered
            later. Default 2.

    Raises:
        ValueError: `timeout` is no number of seconds.
    """
    seconds = require_seconds(timeout, name="timeout")
    _settings.update(tracker=tracker, flush=bool(flush), timeout=seconds)
    signals.before_task_publish.connect(_send_scope, weak=False, dispatch_uid=_UID)
    signals.task_prerun.connect(_enter_scope, weak=False, dispatch_uid=_UID)
    signals.task_postrun.connect(_leave_scope, weak=False, dispatch_uid=_UID)


def disconnect() -> None:
    """Undo `connect`, for the following tasks."""
    for signal in (signals.before_task_publish, signals.task_prerun, signals.task_postrun):
        signal.disconnect(dispatch_uid=_UID)


def _send_scope(headers: dict[str, Any] | None = None, **_: object) -> None:
    scope = CURRENT.get()
    if scope is None or headers is None:
        return
    try:
        headers[HEADER] = _as_text(scope)
    except Exception as error:  # noqa: BLE001 - a field computed by the program, or its data
        _log.error("A task is sent without its scope: %r", error, exc_info=error)


def _enter_scope(task: Any = None, **_: object) -> None:
    request = getattr(task, "request", None)
    text = _header_of(request)
    _outer.set((*_outer.get(), CURRENT.get()))
    # A task that runs eagerly, in the process of its sender, is in the sender's scope already.
    if text is not None or not getattr(request, "is_eager", False):
        CURRENT.set(None if text is None else _from_text(text))


def _leave_scope(**_: object) -> None:
    outer = _outer.get()
    if outer:
        CURRENT.set(outer[-1])
        _outer.set(outer[:-1])
    if _settings["flush"]:
        flush(_settings["tracker"], _settings["timeout"])


def _header_of(request: Any) -> str | None:
    """Return the header, which Celery makes an attribute of the request, or leaves among others."""
    headers = getattr(request, "headers", None)
    text = getattr(request, HEADER, None) or (headers or {}).get(HEADER)
    return text if isinstance(text, str) else None


def _as_text(scope: Scope) -> str:
    content: dict[str, Any] = {
        "subject": scope.merged_fields(),
        "entities": [entity.to_json() for entity in scope.all_entities()],
    }
    if scope.page is not None:
        content["page"] = [scope.page.url, scope.page.referrer]
    return json.dumps(content, default=default_encoder)


def _from_text(text: str) -> Scope | None:
    """Return the scope of a header; None if it is not one that `_as_text` has written."""
    try:
        content = json.loads(text)
        entities = [
            SelfDescribingJson(each["schema"], each["data"]) for each in content["entities"]
        ]
        scope = Scope(entities=entities)
        scope.subject.standard_nv_pairs.update(content["subject"])
        scope.page = Page(*content["page"]) if "page" in content else None
    except (KeyError, TypeError, ValueError) as error:
        _log.warning("A task runs without its scope, which cannot be read: %r", error)
        return None
    return scope
