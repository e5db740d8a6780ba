"""`Snowplow`: a process-wide registry of trackers by namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowplow_tracker._loggers import find_logger
from snowplow_tracker.emitter_configuration import EmitterConfiguration
from snowplow_tracker.emitters import Emitter
from snowplow_tracker.tracker import Tracker
from snowplow_tracker.tracker_configuration import TrackerConfiguration

if TYPE_CHECKING:
    from snowplow_tracker.subject import Subject
    from snowplow_tracker.typing import Method

__all__ = ["Snowplow"]

logger = find_logger(__name__)


# One registry for `Snowplow` and all its subclasses. It is not an attribute of the class, which a
# subclass could hide by one of its own.
_trackers: dict[str | None, Tracker] = {}


class Snowplow:
    """Creates trackers and keeps them by their namespace, for the whole process."""

    @classmethod
    def create_tracker(
        cls,
        namespace: str,
        endpoint: str,
        method: Method = "post",
        app_id: str | None = None,
        subject: Subject | None = None,
        tracker_config: TrackerConfiguration | None = None,
        emitter_config: EmitterConfiguration | None = None,
    ) -> Tracker:
        """Create a tracker with an `Emitter` of its own, and register it.

        Args:
            namespace: Name of the tracker, sent with every event as `tna`.
            endpoint: Host or URL of the collector.
            method: HTTP method of the requests, "post" or "get".
            app_id: Sent with every event as `aid`.
            subject: Subject of the tracker. Default `Subject()`.
            tracker_config: How the tracker encodes events. Default `TrackerConfiguration()`.
            emitter_config: How the emitter sends events. Default `EmitterConfiguration()`.

        Returns:
            The new tracker.

        Raises:
            TypeError: `endpoint` is None, or another tracker has the namespace.
        """
        if endpoint is None:
            raise TypeError("endpoint must be the address of a collector: None")
        if namespace in _trackers:
            raise _in_use(namespace)
        emitter_config = EmitterConfiguration() if emitter_config is None else emitter_config
        tracker_config = TrackerConfiguration() if tracker_config is None else tracker_config
        tracker = Tracker(
            namespace=namespace,
            emitters=_create_emitter(endpoint, method, emitter_config),
            subject=subject,
            app_id=app_id,
            encode_base64=tracker_config.encode_base64,
            json_encoder=tracker_config.json_encoder,
            use_scope=tracker_config.use_scope,
            before_send=tracker_config.before_send,
        )
        return cls.add_tracker(tracker)

    @classmethod
    def add_tracker(cls, tracker: Tracker) -> Tracker:
        """Register a tracker, and return it.

        For anything but a `Tracker`, a warning is logged and None is returned.

        Raises:
            TypeError: Another tracker, or this one, is registered with the namespace.
        """
        if not isinstance(tracker, Tracker):
            logger.warning("tracker must be a Tracker, not added: %r", tracker)
            return None
        namespace = tracker.get_namespace()
        # Of two threads that add the same namespace, `setdefault` lets one succeed.
        if namespace in _trackers or _trackers.setdefault(namespace, tracker) is not tracker:
            raise _in_use(namespace)
        logger.info("Tracker added: %s", namespace)
        return tracker

    @classmethod
    def get_tracker(cls, namespace: str) -> Tracker | None:
        """Return the tracker of a namespace, or None if there is none."""
        return _trackers.get(namespace)

    @classmethod
    def remove_tracker(cls, tracker: Tracker) -> None:
        """Remove the tracker with the namespace of this one. It remains usable."""
        cls.remove_tracker_by_namespace(tracker.get_namespace())

    @classmethod
    def remove_tracker_by_namespace(cls, namespace: str | None) -> None:
        """Remove the tracker of a namespace. If there is none, log a warning."""
        if _trackers.pop(namespace, None) is None:
            logger.warning("namespace belongs to no tracker, none removed: %r", namespace)
        else:
            logger.info("Tracker removed: %s", namespace)

    @classmethod
    def reset(cls) -> None:
        """Remove all trackers."""
        _trackers.clear()


def _in_use(namespace: str | None) -> TypeError:
    return TypeError(
        f"namespace is in use by another tracker, which get_tracker returns: {namespace!r}"
    )


def _create_emitter(endpoint: str, method: Method, config: EmitterConfiguration) -> Emitter:
    return Emitter(
        endpoint=endpoint,
        method=method,
        batch_size=config.batch_size,
        on_success=config.on_success,
        on_failure=config.on_failure,
        byte_limit=config.byte_limit,
        request_timeout=config.request_timeout,
        max_retry_delay_seconds=config.max_retry_delay_seconds,
        buffer_capacity=config.buffer_capacity,
        custom_retry_codes=config.custom_retry_codes,
        event_store=config.event_store,
        session=config.session,
        exit_timeout=config.exit_timeout,
        when_full=config.when_full,
        block_timeout=config.block_timeout,
        custom_headers=config.custom_headers,
        post_path=config.post_path,
        get_path=config.get_path,
        server_anonymous=config.server_anonymous,
    )
