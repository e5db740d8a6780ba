"""Generators and iterators each of whose steps runs in a scope.

Between two steps, the scope is not the current one: a generator shares the context of the code
that consumes it (https://peps.python.org/pep-0568/), which may be another request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from snowplow_tracker._scope import CURRENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextvars import Token

    from snowplow_tracker._scope import Scope

__all__ = ["Entered", "ScopedAsyncGenerator", "ScopedAsyncIterator", "ScopedGenerator"]
__all__ += ["ScopedIterator", "leave"]

T = TypeVar("T")


def leave(token: Token[Scope | None]) -> None:
    """Restore the scope that was the current one."""
    try:
        CURRENT.reset(token)
    except ValueError:
        # An event loop closes abandoned asynchronous generators in a task of its own, with a
        # context in which the scope was never set:
        # https://docs.python.org/3/library/sys.html#sys.set_asyncgen_hooks
        return


class Entered:
    """Makes a scope the current one during a `with` block."""

    __slots__ = ("_scope", "_token")

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope

    def __enter__(self) -> None:
        self._token = CURRENT.set(self._scope)

    def __exit__(self, *_: object) -> None:
        leave(self._token)


class ScopedGenerator(Generator[Any, Any, Any]):
    """A generator whose steps run in a scope."""

    def __init__(self, scope: Scope, generator: Generator[Any, Any, Any]) -> None:
        self._scope = scope
        self._generator = generator

    def send(self, value: Any) -> Any:
        """Resume the generator with a value."""
        with Entered(self._scope):
            return self._generator.send(value)

    def throw(self, *exception: Any) -> Any:
        """Raise an exception in the generator."""
        with Entered(self._scope):
            return self._generator.throw(*exception)

    def close(self) -> None:
        """End the generator early."""
        with Entered(self._scope):
            self._generator.close()

    def __del__(self) -> None:
        # The garbage collector would run the generator's `finally` in whatever scope is current.
        with Entered(self._scope):
            del self._generator


class ScopedAsyncGenerator(AsyncGenerator[Any, Any]):
    """An asynchronous generator whose steps run in a scope."""

    def __init__(self, scope: Scope, generator: AsyncGenerator[Any, Any]) -> None:
        self._scope = scope
        self._generator = generator

    async def asend(self, value: Any) -> Any:
        """Resume the generator with a value."""
        with Entered(self._scope):
            return await self._generator.asend(value)

    async def athrow(self, *exception: Any) -> Any:
        """Raise an exception in the generator."""
        with Entered(self._scope):
            return await self._generator.athrow(*exception)

    async def aclose(self) -> None:
        """End the generator early."""
        with Entered(self._scope):
            await self._generator.aclose()

    def __del__(self) -> None:
        # The event loop closes an abandoned generator in a task that inherits this context:
        # https://docs.python.org/3/library/sys.html#sys.set_asyncgen_hooks
        with Entered(self._scope):
            del self._generator


class ScopedIterator(Iterator[T], Generic[T]):
    """The body of a response, each step of which runs in a scope."""

    def __init__(self, scope: Scope, iterator: Iterator[T], closed: object = None) -> None:
        self._scope = scope
        self._iterator = iterator
        # `close` of the response, which is not always that of its iterator.
        self._close: Any = getattr(iterator if closed is None else closed, "close", None)

    def __next__(self) -> T:
        with Entered(self._scope):
            return next(self._iterator)

    def close(self) -> None:
        """Close the response."""
        close, self._close = self._close, None
        if close is not None:
            with Entered(self._scope):
                close()

    def __del__(self) -> None:
        # It may be a generator that nobody has closed: see `ScopedGenerator`.
        with Entered(self._scope):
            del self._iterator, self._close


class ScopedAsyncIterator(Generic[T]):
    """The body of an asynchronous response, each step of which runs in a scope."""

    def __init__(self, scope: Scope, iterator: AsyncIterator[T]) -> None:
        self._scope = scope
        self._iterator: AsyncIterator[T] | None = iterator

    def __aiter__(self) -> ScopedAsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        if self._iterator is None:
            raise StopAsyncIteration
        with Entered(self._scope):
            return await self._iterator.__anext__()

    def close(self) -> None:
        """Drop the iterator. The event loop ends it in a task that inherits this context.

        Waiting for the garbage collector would not do: it ends the parts of a cycle in any order,
        and in the context of any request.
        """
        with Entered(self._scope):
            self._iterator = None

    def __del__(self) -> None:
        self.close()
