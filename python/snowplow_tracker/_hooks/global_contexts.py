"""Global contexts: the entities that a program adds to every event, or to some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker._hooks.encoding import encode_entity
from snowplow_tracker.ruleset import Ruleset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snowplow_tracker.event_view import EventView
    from snowplow_tracker.typing import JsonEncoderFunction

__all__ = ["GlobalContext", "Primitive", "global_contexts"]

_CONDITIONAL = 2  # the length of a pair of a condition and what it is for
_ASYNC_FLAGS = 0x80 | 0x200  # CO_COROUTINE and CO_ASYNC_GENERATOR of the module `inspect`


class Primitive(NamedTuple):
    """An entity with its JSON, or a callable that returns entities.

    Attributes:
        item: What the program has added.
        json: None for a callable.
    """

    item: Any
    json: str | None


class GlobalContext(NamedTuple):
    """What `add_global_contexts` was given as one item.

    Attributes:
        name: Its name, if it has one.
        item: The item itself.
        condition: Whether it is for an event; None if it is for every event.
        primitives: The entities.
    """

    name: str | None
    item: Any
    condition: Callable[[EventView], bool] | None
    primitives: tuple[Primitive, ...]

    def is_static(self) -> bool:
        """Return whether its entities are the same for every event."""
        return self.condition is None and all(each.json is not None for each in self.primitives)

    def is_called(self, name_or_item: Any) -> bool:
        """Return whether the program means this one."""
        if isinstance(name_or_item, str):
            return self.name == name_or_item
        if isinstance(name_or_item, tuple) and isinstance(self.item, tuple):
            return _is_same(name_or_item, self.item)
        return self.item is name_or_item


def global_contexts(
    contexts: Any, json_encoder: JsonEncoderFunction | None
) -> Iterator[GlobalContext]:
    """Yield what `add_global_contexts` is given. Entities are encoded here.

    Raises:
        ValueError: A context has none of the forms that are supported.
    """
    if isinstance(contexts, Mapping):
        for name, item in contexts.items():
            if not isinstance(name, str) or not name:
                raise ValueError(f"the name of a global context must be text: {name!r}")
            yield _global_context(name, item, json_encoder)
    elif isinstance(contexts, list):
        for item in contexts:
            yield _global_context(None, item, json_encoder)
    else:
        raise ValueError(  # noqa: TRY004 - as other parameters of wrong types
            f"contexts must be a list, or a mapping of names: {contexts!r}"
        )


def _global_context(
    name: str | None, item: Any, json_encoder: JsonEncoderFunction | None
) -> GlobalContext:
    if isinstance(item, tuple):
        if len(item) != _CONDITIONAL:
            raise ValueError(f"a conditional context must be a pair: {item!r}")
        condition, primitives = item
        return GlobalContext(
            name, item, _condition(condition), _primitives(primitives, json_encoder)
        )
    return GlobalContext(name, item, None, _primitives(item, json_encoder))


def _condition(condition: Any) -> Callable[[EventView], bool]:
    if isinstance(condition, Ruleset):
        if not condition.accept:
            raise ValueError(f"a Ruleset without accept never selects an event: {condition!r}")
        return condition
    hook: Callable[[EventView], bool] = require_hook(condition, "a condition")
    return hook


def _primitives(primitives: Any, json_encoder: JsonEncoderFunction | None) -> tuple[Primitive, ...]:
    items = primitives if isinstance(primitives, list | tuple) else [primitives]
    return tuple(_primitive(item, json_encoder) for item in items)


def _primitive(item: Any, json_encoder: JsonEncoderFunction | None) -> Primitive:
    if hasattr(item, "to_json"):
        return Primitive(item, encode_entity(item, json_encoder))
    return Primitive(require_hook(item, "a global context"), None)


def require_hook(hook: Any, name: str) -> Any:
    """Return a hook.

    Raises:
        ValueError: It cannot be called, or is `async`: hooks run inside `track`.
    """
    if not callable(hook):
        raise ValueError(  # noqa: TRY004 - as other parameters of wrong types
            f"{name} must be a SelfDescribingJson or a callable: {hook!r}"
        )
    if getattr(getattr(hook, "__code__", None), "co_flags", 0) & _ASYNC_FLAGS:
        raise ValueError(f"{name} must not be async: {hook!r}")
    return hook


def _is_same(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    """Return whether two pairs consist of the same objects: entities may compare in any way."""
    return len(first) == len(second) and all(
        mine is theirs or (isinstance(mine, list) and isinstance(theirs, list) and mine == theirs)
        for mine, theirs in zip(first, second, strict=True)
    )
