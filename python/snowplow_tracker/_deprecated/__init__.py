"""The deprecated `track_*` methods, which the event classes replace."""

from __future__ import annotations

from snowplow_tracker._deprecated._chain import TrackerT, deprecated, send
from snowplow_tracker._deprecated.ecommerce import EcommerceMethods
from snowplow_tracker._deprecated.shortcuts import ShortcutMethods
from snowplow_tracker.events import PagePing, PageView, ScreenView, StructuredEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from snowplow_tracker.constants import ContextArray
    from snowplow_tracker.subject import Subject

__all__ = ["DeprecatedTrackMethods"]


class DeprecatedTrackMethods(ShortcutMethods[TrackerT], EcommerceMethods[TrackerT]):
    """The deprecated methods: a mixin for a class with the methods `track` and `get_uuid`.

    Each method returns the tracker. Each has three optional parameters: `context`, a list of
    self-describing JSONs; `tstamp`, the time of the event in milliseconds since 1970; and
    `event_subject`, whose fields override those of the tracker's subject.
    """

    if TYPE_CHECKING:

        @staticmethod
        def get_uuid() -> str: ...

    @deprecated("PageView")
    def track_page_view(
        self,
        page_url: str,
        page_title: str | None = None,
        referrer: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a page view. `page_url` must not be empty."""
        return send(
            self,
            PageView(
                page_url,
                page_title=page_title,
                referrer=referrer,
                event_subject=event_subject,
                context=context,
                true_timestamp=tstamp,
            ),
        )

    @deprecated("PagePing")
    def track_page_ping(
        self,
        page_url: str,
        page_title: str | None = None,
        referrer: str | None = None,
        min_x: int | None = None,
        max_x: int | None = None,
        min_y: int | None = None,
        max_y: int | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track that a page is still being viewed.

        Args:
            page_url: Address of the page. Must not be empty.
            page_title: Title of the page.
            referrer: Address of the page that led to this one.
            min_x: Minimum horizontal offset since the last ping, in pixels.
            max_x: Maximum horizontal offset.
            min_y: Minimum vertical offset.
            max_y: Maximum vertical offset.
            context: See above.
            tstamp: See above.
            event_subject: See above.
        """
        return send(
            self,
            PagePing(
                page_url,
                page_title=page_title,
                referrer=referrer,
                min_x=min_x,
                max_x=max_x,
                min_y=min_y,
                max_y=max_y,
                event_subject=event_subject,
                context=context,
                true_timestamp=tstamp,
            ),
        )

    @deprecated("ScreenView")
    def track_mobile_screen_view(
        self,
        name: str,
        id_: str | None = None,
        type: str | None = None,
        previous_name: str | None = None,
        previous_id: str | None = None,
        previous_type: str | None = None,
        transition_type: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a view of a screen of an app. `id_` is a UUID; by default a new one."""
        return send(
            self,
            ScreenView(
                id_=self.get_uuid() if id_ is None else id_,
                name=name,
                type=type,
                previous_name=previous_name,
                previous_id=previous_id,
                previous_type=previous_type,
                transition_type=transition_type,
                event_subject=event_subject,
                context=context,
                true_timestamp=tstamp,
            ),
        )

    @deprecated("StructuredEvent")
    def track_struct_event(
        self,
        category: str,
        action: str,
        label: str | None = None,
        property_: str | None = None,
        value: float | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a structured event. `category` and `action` must not be empty."""
        return send(
            self,
            StructuredEvent(
                category,
                action,
                label=label,
                property_=property_,
                value=value,
                event_subject=event_subject,
                context=context,
                true_timestamp=tstamp,
            ),
        )
