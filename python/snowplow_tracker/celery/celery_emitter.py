"""`CeleryEmitter`: sends events in a Celery worker."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from snowplow_tracker._emitter import Emitter, engine_of
from snowplow_tracker._extras import import_extra
from snowplow_tracker._http.endpoint import GET_PATH, POST_PATH
from snowplow_tracker._http.redact import describe_foreign
from snowplow_tracker._locks import sections
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._logging import RateLimitedLogger, delivering
from snowplow_tracker._native import clean_fields
from snowplow_tracker._overrides import register_originals
from snowplow_tracker._signals import current_exception, reraise_if_by_handler

if TYPE_CHECKING:
    from types import ModuleType

    from snowplow_tracker.typing import CustomHeaders, HttpProtocol, Method, PayloadDictList

__all__ = ["CeleryEmitter"]

logger = find_logger(__name__)

_CONFIGURATION = "snowplow_celery_config"
_DEFAULT_BROKER = "redis://localhost:6379/0"
_TASK: dict[str, Any] = {
    "name": f"{__name__}.async_flush",
    "bind": True,
    "emitter": None,
    "ignore_result": True,
    # Requeue a task whose worker dies while it runs. Retry as long as the collector is unavailable:
    # https://docs.celeryq.dev/en/stable/faq.html#should-i-use-retry-or-acks-late
    "acks_late": True,
    "reject_on_worker_lost": True,
    "max_retries": None,
}

_emitters: WeakValueDictionary[tuple[str, str], CeleryEmitter] = WeakValueDictionary()


class CeleryEmitter(Emitter):
    """Hands batches of events to Celery, for a worker of the same program to send them.

    Events that the collector does not accept return to the broker and are retried later. At exit
    and in `sync_flush`, this process sends the events that are not yet handed over.

    The module `snowplow_celery_config` configures the broker. Without such a module, the broker is
    Redis on `localhost`, for which Celery needs the extra `redis`, too. If a module `tracking` has
    the emitter, and `celery_app = emitter.celery_app`, start the worker with
    `celery -A tracking worker`. A worker of the program's own Celery application works, too, if it
    uses the same broker and imports `tracking`.

    Args:
        endpoint: As for `Emitter`.
        protocol: "http" or "https". Default "http".
        port: As for `Emitter`.
        method: As for `Emitter`.
        buffer_size: Number of events in a task. Default 10, for "get" 1.
        byte_limit: As for `Emitter`.
        batch_size: The name of `buffer_size` in version 1.x.
        custom_headers: As for `Emitter`. They are not put into tasks: each worker adds those of its
            own emitter for the endpoint.
        post_path: As for `Emitter`.
        get_path: As for `Emitter`.
        server_anonymous: As for `Emitter`, when the task is made.

    Attributes:
        celery_app: The emitter's own Celery application.
        async_flush: Its task. `flush` calls `async_flush.delay`. Called directly, the task sends
            the events stored in this process.

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
        custom_headers: CustomHeaders | None = None,
        post_path: str = POST_PATH,
        get_path: str = GET_PATH,
        server_anonymous: bool = False,
    ) -> None:
        celery = import_extra("celery")
        self.__log = RateLimitedLogger(logger)
        super().__init__(
            endpoint,
            protocol,
            port,
            method,
            batch_size,
            byte_limit=byte_limit,
            buffer_size=buffer_size,
            custom_headers=custom_headers,
            post_path=post_path,
            get_path=get_path,
            server_anonymous=server_anonymous,
        )
        _share_task(celery)
        self.celery_app = _application(celery)
        task = self.celery_app.tasks[_TASK["name"]]
        task.emitter = self
        self.async_flush = task
        _emitters[self.endpoint, self.method] = self

    def flush(self) -> None:
        """Make tasks of all stored events. If the broker is unavailable, retry later."""
        engine = engine_of(self)
        if delivering.is_active() or engine.flusher.is_waiting():
            return
        engine.flusher.reset_bytes()
        # What log handlers track meanwhile waits for the next flush.
        with delivering, delivering.mark():
            for events in engine.context.queue.batches():
                if not _schedule(self, events, self.__log):
                    return


register_originals(CeleryEmitter, "flush")


# Functions instead of methods: a subclass may use any private name.


def _schedule(emitter: CeleryEmitter, events: PayloadDictList, log: RateLimitedLogger) -> bool:
    """Make a task of each batch of events. Requeue the events that the broker does not accept."""
    left, size = list(events), max(emitter.batch_size, 1)
    engine = engine_of(emitter)
    breaker = engine.context.breaker
    before = current_exception()
    try:
        while left:
            _delay(emitter, left[:size])
            del left[:size]
    except Exception as error:  # noqa: BLE001 - each kind of broker raises its own
        reraise_if_by_handler(error, before)
        reason = describe_foreign(error)
        log.warning("%d events not handed to Celery, to be retried: %s", len(left), reason)
        engine.retry.flush_later(breaker.next_delay(emitter.max_retry_delay_seconds))
    else:
        breaker.backoff.reset()
    finally:
        if left:
            engine.context.queue.cleanup(left, True)
    return not left


def _delay(emitter: CeleryEmitter, batch: PayloadDictList) -> None:
    # Workers of a version without this parameter know no anonymity, and must not take such a task.
    anonymity = {"server_anonymous": True} if emitter.server_anonymous else {}
    emitter.async_flush.delay(_as_text(batch), emitter.endpoint, emitter.method, **anonymity)
    is_sent = not emitter.celery_app.conf.task_always_eager
    context = engine_of(emitter).context
    with sections, sections.emitter(), emitter.lock:
        context.queue.cleanup(batch, False)
        context.counters.add(sent=len(batch) if is_sent else 0)


def _deliver(
    task: Any,
    events: PayloadDictList | None = None,
    endpoint: str = "",
    method: Method = "post",
    server_anonymous: bool = False,
) -> None:
    """Run the task: send events through this process's emitter for an endpoint.

    Without events, flush the emitter of the task. An endpoint without an emitter in this process
    gets a plain one.
    """
    if events is None:
        if task.emitter is not None:
            Emitter.flush(task.emitter)
        return
    emitter: Emitter | None = _emitters.get((endpoint, method))
    if emitter is None or (server_anonymous and not emitter.server_anonymous):
        emitter = _plain_emitter(endpoint, method, server_anonymous)
    names = {"server_anonymous": True} if server_anonymous else {}
    delay = engine_of(emitter).context.breaker.paused_for()
    if delay and not task.request.is_eager:
        raise task.retry(args=(events, endpoint, method), kwargs=names, countdown=delay)
    emitter.send_events(events)
    if emitter.retry_timer.is_active() and not task.request.is_eager:
        # Until the next attempt, events are safer in the broker than in this process. The timer is
        # stopped first: its flush may have begun, and starts it again if it fails.
        emitter.retry_timer.cancel()
        left = emitter.event_store.get_events_batch()
        emitter.event_store.cleanup(left, False)
        arguments = (_as_text(left), endpoint, method)
        raise task.retry(args=arguments, kwargs=names, countdown=emitter.retry_delay)


@cache
def _plain_emitter(endpoint: str, method: Method, server_anonymous: bool) -> Emitter:
    own = _emitters.get((endpoint, method))
    emitter = Emitter(endpoint, method=method, server_anonymous=server_anonymous)
    for name in () if own is None else ("custom_headers", "post_path", "get_path"):
        setattr(emitter, name, getattr(own, name))
    emitter.endpoint = endpoint
    return emitter


def _as_text(events: PayloadDictList) -> PayloadDictList:
    """Return events as dicts of text, which every serializer of Celery accepts."""
    return [clean_fields(event, True) for event in events]


@cache
def _share_task(celery: ModuleType) -> None:
    """Register the task with every Celery application, present and future."""
    celery.shared_task(**_TASK)(_deliver)


def _application(celery: ModuleType) -> Any:
    # As the current application, it would give its broker to the program's own shared tasks:
    # https://docs.celeryq.dev/en/stable/reference/celery.html#celery.Celery
    try:
        importlib.import_module(_CONFIGURATION)
    except ModuleNotFoundError as error:
        if error.name != _CONFIGURATION:
            raise
        return celery.Celery("Snowplow", broker=_DEFAULT_BROKER, set_as_current=False)
    application = celery.Celery("Snowplow", set_as_current=False)
    application.config_from_object(_CONFIGURATION)
    return application
