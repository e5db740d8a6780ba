"""`request_scope`: a block, or a function, whose events share a user and entities."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from snowplow_tracker._scope import CURRENT, Scope, require_entities, require_subject
from snowplow_tracker.web._iteration import ScopedAsyncGenerator, ScopedGenerator, leave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextvars import Token

    from snowplow_tracker.self_describing_json import SelfDescribingJson
    from snowplow_tracker.subject import Subject

__all__ = ["current_scope", "request_scope"]

P = ParamSpec("P")
R = TypeVar("R")


def current_scope() -> Scope | None:
    """Return the scope of the running request, or None outside of requests."""
    return CURRENT.get()


class request_scope:  # noqa: N801 - used like a function, as `contextlib.suppress`
    """Give the events of a block or function a user and entities.

    Only trackers with `use_scope=True` take part. Use it in one of these ways::

        with request_scope(Subject().set_user_id("ann")) as scope: ...
        async with request_scope() as scope: ...

        @request_scope()
        def handle(): ...  # or `async def`, or a generator: each call has a scope of its own

    The fields of a scope override those of the tracker's subject and of the scopes around it. The
    subject of an event overrides them. Tasks of asyncio that start in the block inherit the scope.
    Threads do not, unless you start them with `contextvars.copy_context().run`.

    Args:
        subject: The user. Its fields are copied; the platform "pc", which each `Subject()` has, is
            left out. Default None, a subject without fields.
        entities: Added to each event, after the event's own. Default none.
        fresh: Whether to leave out the scopes around this one. Default False.

    Raises:
        ValueError: `subject` or `entities` is something else.
    """

    def __init__(
        self,
        subject: Subject | None = None,
        entities: Iterable[SelfDescribingJson] = (),
        *,
        fresh: bool = False,
    ) -> None:
        self._subject = require_subject(subject)
        self._entities = require_entities(entities)
        self._fresh = fresh
        self._token: Token[Scope | None] | None = None

    def __enter__(self) -> Scope:
        if self._token is not None:
            raise RuntimeError("request_scope was entered already: create one for each block")
        scope = self._new_scope()
        self._token = CURRENT.set(scope)
        return scope

    def __exit__(self, *_: object) -> None:
        token, self._token = self._token, None
        if token is not None:
            leave(token)

    async def __aenter__(self) -> Scope:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return a function each call of which has a scope of its own."""
        return cast("Callable[P, R]", self._wrapped(function))

    def _new_scope(self) -> Scope:
        return Scope(self._subject, self._entities, parent=None if self._fresh else CURRENT.get())

    def _copy(self) -> request_scope:
        return request_scope(self._subject, self._entities, fresh=self._fresh)

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._copy():
                return function(*args, **kwargs)

        @wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with self._copy():
                return await function(*args, **kwargs)

        @wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Any:
            return ScopedGenerator(self._new_scope(), function(*args, **kwargs))

        @wraps(function)
        def generate_async(*args: Any, **kwargs: Any) -> Any:
            return ScopedAsyncGenerator(self._new_scope(), function(*args, **kwargs))

        if inspect.iscoroutinefunction(function):
            return call_async
        if inspect.isasyncgenfunction(function):
            return generate_async
        return generate if inspect.isgeneratorfunction(function) else call
