"""Which methods are this package's own, and which a program has overridden or replaced."""

from __future__ import annotations

import threading

__all__ = ["call_override", "is_own", "note_own"]

_OWN: dict[str, dict[int, object]] = {}  # by identity: a mock may say that it equals anything
_thread = threading.local()


def note_own(owner: type, *names: str) -> None:
    """Note a class's methods while they are its own: nobody can have replaced them yet."""
    for name in names:
        method = getattr(owner, name)
        _OWN.setdefault(name, {})[id(method)] = method


def is_own(instance: object, *names: str) -> bool:
    """Whether methods are as noted: neither overridden in a subclass nor replaced."""
    replaced, kind = vars(instance), type(instance)
    return all(name not in replaced and id(getattr(kind, name)) in _OWN[name] for name in names)


def call_override(instance: object, name: str) -> bool:
    """Call a method if it is not this package's own. Returns whether it was called.

    One that calls back whoever is asking here is not called once more.
    """
    running: set[tuple[int, str]] = _thread.__dict__.setdefault("running", set())
    call = (id(instance), name)
    if call in running or is_own(instance, name):
        return False
    running.add(call)
    try:
        getattr(instance, name)()
    finally:
        running.discard(call)
    return True
