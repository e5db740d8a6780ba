"""`CeleryEmitter`: sends events in a Celery worker."""

from __future__ import annotations

import importlib
import logging
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from snowplow_tracker._extras import import_extra
from snowplow_tracker._native import clean_fields
from snowplow_tracker._overrides import note_own
from snowplow_tracker.emitters import Emitter

if TYPE_CHECKING:
    from types import ModuleType

    from snowplow_tracker.typing import HttpProtocol, Method, PayloadDictList

__all__ = ["CeleryEmitter"]

logger = logging.getLogger(__name__)

_CONFIGURATION = "snowplow_celery_config"
_DEFAULT_BROKER = "redis://localhost:6379/0"
_TASK: dict[str, Any] = {
    "name": f"{__name__}.async_flush",
    "bind": True,
    "emitter": None,
    "ignore_result": True,
    # A task goes back to the broker when its worker dies in the middle, or the collector is away.
    "acks_late": True,
    "reject_on_worker_lost": True,
    "max_retries": None,
}

_emitters: WeakValueDictionary[tuple[str, str], CeleryEmitter] = WeakValueDictionary()


class CeleryEmitter(Emitter):
    """Hands batches of events to Celery; a worker of the same program sends them.

    What the collector does not take goes back to the broker, to be tried again later. At exit,
    and in `sync_flush`, this process sends what is not handed over.

    The broker is what a module `snowplow_celery_config`, if there is one, configures; otherwise
    Redis on this machine, for which Celery needs the extra `redis` too. With `emitter` in a module
    `tracking` that also has `celery_app = emitter.celery_app`, `celery -A tracking worker` is the
    worker. So is one of the program's own Celery application on the same broker, if it imports
    `tracking`.

    Args:
        endpoint: As for `Emitter`.
        protocol: Default "http".
        port: As for `Emitter`.
        method: As for `Emitter`.
        buffer_size: How many events make a task. Default 10, for "get" 1.
        byte_limit: As for `Emitter`.
        batch_size: The name of `buffer_size` in generation 1.x.

    Attributes:
        celery_app: The emitter's own Celery application.
        async_flush: Its task; `flush` calls `async_flush.delay`. Called itself, it sends what is
            stored in this process.

    Raises:
        RuntimeError: The extra `celery` is not installed.
    """

    celery_app: Any = None
    async_flush: Any

    def __init__(
        self,
        endpoint: str,
        protocol: HttpProtocol = "http",
        port: int | None = None,
        method: Method = "post",
        buffer_size: int | None = None,
        byte_limit: int | None = None,
        *,
        batch_size: int | None = None,
    ) -> None:
        celery = import_extra("celery")
        super().__init__(
            endpoint,
            protocol,
            port,
            method,
            batch_size,
            byte_limit=byte_limit,
            buffer_size=buffer_size,
        )
        _share_task(celery)
        self.celery_app = _application(celery)
        task = self.celery_app.tasks[_TASK["name"]]
        task.emitter = self
        self.async_flush = task
        _emitters[self.endpoint, self.method] = self

    def flush(self) -> None:
        """Make tasks of all that is stored. While its broker is away, they are made later."""
        if self._is_waiting():
            return
        self._forget_bytes()
        for events in self._stored.batches():
            if not self._schedule(events):
                return

    def _schedule(self, events: PayloadDictList) -> bool:
        """Make tasks of events, a batch each. What the broker does not take is stored again."""
        left, size = list(events), max(self.batch_size, 1)
        try:
            while left:
                self._delay(left[:size])
                del left[:size]
        except Exception as error:  # noqa: BLE001 - each kind of broker raises its own
            logger.warning("%d events not handed to Celery, to be retried: %s", len(left), error)
            breaker = self._delivery.breaker
            self._flush_later(breaker.next_delay(self.max_retry_delay_seconds))
        else:
            self._delivery.breaker.backoff.reset()
        finally:
            if left:
                self._stored.cleanup(left, True)
        return not left

    def _delay(self, batch: PayloadDictList) -> None:
        self.async_flush.delay(_as_text(batch), self.endpoint, self.method)
        is_sent = not self.celery_app.conf.task_always_eager
        with self.lock:
            self._stored.cleanup(batch, False)
            self._delivery.counters.add(sent=len(batch) if is_sent else 0)


note_own(CeleryEmitter, "flush")


def _deliver(
    task: Any,
    events: PayloadDictList | None = None,
    endpoint: str = "",
    method: Method = "post",
) -> None:
    """Send events by this process's emitter for an endpoint, be it the task's own or another."""
    if events is None:
        if task.emitter is not None:
            Emitter.flush(task.emitter)
        return
    emitter = _emitters.get((endpoint, method)) or _plain_emitter(endpoint, method)
    held_for = emitter._delivery.breaker.held_for()  # noqa: SLF001 - one of this package's
    if held_for and not task.request.is_eager:
        raise task.retry(args=(events, endpoint, method), countdown=held_for)
    emitter.send_events(events)
    if emitter.retry_timer.is_active() and not task.request.is_eager:
        # A broker keeps events better than this process does until the next attempt.
        left = emitter.event_store.get_events_batch()
        emitter.event_store.cleanup(left, False)
        emitter.retry_timer.cancel()
        raise task.retry(args=(_as_text(left), endpoint, method), countdown=emitter.retry_delay)


@cache
def _plain_emitter(endpoint: str, method: Method) -> Emitter:
    emitter = Emitter(endpoint, method=method)
    emitter.endpoint = endpoint
    return emitter


def _as_text(events: PayloadDictList) -> PayloadDictList:
    """Return events as every serializer takes them."""
    return [clean_fields(event, True) for event in events]


@cache
def _share_task(celery: ModuleType) -> None:
    """Make the task known to every Celery application, present and future."""
    celery.shared_task(**_TASK)(_deliver)


def _application(celery: ModuleType) -> Any:
    # Not as the current one, or the program's own shared tasks would go to this broker.
    try:
        importlib.import_module(_CONFIGURATION)
    except ModuleNotFoundError as error:
        if error.name != _CONFIGURATION:
            raise
        return celery.Celery("Snowplow", broker=_DEFAULT_BROKER, set_as_current=False)
    application = celery.Celery("Snowplow", set_as_current=False)
    application.config_from_object(_CONFIGURATION)
    return application
