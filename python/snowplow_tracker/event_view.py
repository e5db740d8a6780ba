"""`EventView`: an event as hooks see and change it, before it is encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol, TypeAlias

    from snowplow_tracker.self_describing_json import SelfDescribingJson
    from snowplow_tracker.subject import Subject

    class EventState(Protocol):
        """`_hooks.event_state.EventState`, which imports nothing of this module either."""

        @property
        def type(self) -> str | None: ...
        @property
        def schema(self) -> str: ...
        @property
        def payload(self) -> dict[str, Any]: ...


__all__ = ["EventView"]


class EventView:
    """An event as hooks see and change it. It is a copy: the program's objects stay as they are.

    Attributes:
        subject: The event's own subject, else the tracker's. Its fields are in `payload`.
    """

    __slots__ = ("_state", "subject")

    subject: Subject | None

    def __init__(self, state: EventState, subject: Subject | None) -> None:
        self._state = state
        self.subject = subject

    def __repr__(self) -> str:
        return f"{type(self).__name__}(type={self.type!r}, schema={self.schema!r})"

    @property
    def type(self) -> str | None:
        """The field `e`: "pv", "pp", "se" or "ue"."""
        return self._state.type

    @property
    def schema(self) -> str:
        """The schema of a self-describing event's data; of other events, that of `payload_data`."""
        return self._state.schema

    @property
    def payload(self) -> dict[str, Any]:
        """The fields by their names in the tracker protocol, which hooks may change.

        Instead of the encoded fields `ue_px` and `cx`, it has `data`, the `SelfDescribingJson` of a
        self-describing event, and `entities`, a list of `SelfDescribingJson`. Their data consists
        of dicts, lists, text and numbers: the `json_encoder` has run.
        """
        return self._state.payload


if TYPE_CHECKING:
    BeforeSend: TypeAlias = Callable[[EventView], EventView | None]
    # What `Tracker.add_global_contexts` takes.
    ContextPrimitive: TypeAlias = (
        SelfDescribingJson
        | Callable[[EventView], SelfDescribingJson | Sequence[SelfDescribingJson] | None]
    )
    GlobalContext: TypeAlias = (
        ContextPrimitive
        | tuple[Callable[[EventView], bool], ContextPrimitive | Sequence[ContextPrimitive]]
    )
    GlobalContexts: TypeAlias = Sequence[GlobalContext] | Mapping[str, GlobalContext]
