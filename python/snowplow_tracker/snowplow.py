"""`Snowplow`: makes trackers and keeps them by their namespace."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, ClassVar

from snowplow_tracker.emitter_configuration import EmitterConfiguration
from snowplow_tracker.emitters import Emitter
from snowplow_tracker.tracker import Tracker
from snowplow_tracker.tracker_configuration import TrackerConfiguration

if TYPE_CHECKING:
    from snowplow_tracker.subject import Subject
    from snowplow_tracker.typing import Method

__all__ = ["Snowplow"]

logger = logging.getLogger(__name__)


class Snowplow:
    """Makes trackers and keeps them by their namespace, for the whole process."""

    _trackers: ClassVar[dict[str | None, Tracker]] = {}

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
        """Make a tracker with an `Emitter` of its own, and keep it.

        Raises:
            TypeError: `endpoint` is None, or the namespace is in use.
        """
        if endpoint is None:
            raise TypeError("endpoint must be the address of a collector: None")
        if namespace in cls._trackers:
            raise _in_use(namespace)
        emission = EmitterConfiguration() if emitter_config is None else emitter_config
        encoding = TrackerConfiguration() if tracker_config is None else tracker_config
        tracker = Tracker(
            namespace=namespace,
            emitters=_emitter(endpoint, method, emission),
            subject=subject,
            app_id=app_id,
            encode_base64=encoding.encode_base64,
            json_encoder=encoding.json_encoder,
        )
        return cls.add_tracker(tracker)

    @classmethod
    def add_tracker(cls, tracker: Tracker) -> Tracker:
        """Keep a tracker and return it. Anything else is logged, and None is returned.

        Raises:
            TypeError: The tracker's namespace is in use.
        """
        if not isinstance(tracker, Tracker):
            logger.warning("tracker must be a Tracker, not added: %r", tracker)
            return None
        namespace = tracker.get_namespace()
        # setdefault, so that of two threads with one namespace only one passes.
        if (
            namespace in cls._trackers
            or cls._trackers.setdefault(namespace, tracker) is not tracker
        ):
            raise _in_use(namespace)
        logger.info("Tracker added: %s", namespace)
        return tracker

    @classmethod
    def get_tracker(cls, namespace: str) -> Tracker | None:
        """Return the tracker of a namespace, None if there is none."""
        return cls._trackers.get(namespace)

    @classmethod
    def remove_tracker(cls, tracker: Tracker) -> None:
        """Forget the tracker of this tracker's namespace. It can still be used."""
        cls.remove_tracker_by_namespace(tracker.get_namespace())

    @classmethod
    def remove_tracker_by_namespace(cls, namespace: str | None) -> None:
        """Forget the tracker of a namespace. An unknown namespace is logged."""
        if cls._trackers.pop(namespace, None) is None:
            logger.warning("namespace is of no tracker, none removed: %r", namespace)
        else:
            logger.info("Tracker removed: %s", namespace)

    @classmethod
    def reset(cls) -> None:
        """Forget all trackers."""
        cls._trackers.clear()


def _in_use(namespace: str | None) -> TypeError:
    return TypeError(
        f"namespace is in use by another tracker, which get_tracker returns: {namespace!r}"
    )


def _emitter(endpoint: str, method: Method, config: EmitterConfiguration) -> Emitter:
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
    )
