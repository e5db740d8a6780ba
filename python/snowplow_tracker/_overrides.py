"""Which methods of an emitter are this package's own, and which a program has replaced.

What else a program may replace, and who notices it:

- `input` and `reached_limit` on an instance, and attributes that a subclass has made properties:
  `Emitter.__setattr__` and `_delivery/record_sink.py`;
- methods of a built-in store: `_stores/record_store.py`;
- functions of requests and urllib3: `_http/patched.py`;
- methods of trackers and events, clocks and ids, and `input` on a class: native code, in
  `src/overrides/`.
"""

from __future__ import annotations

from snowplow_tracker._threads import PerThread

__all__ = ["call_override", "is_original", "register_originals"]

# By identity, not equality: a mock may compare equal to anything. A reload of the module keeps it.
_ORIGINALS: dict[str, dict[int, object]] = globals().get("_ORIGINALS", {})
_thread = PerThread()


def register_originals(owner: type, *names: str) -> None:
    """Register methods of a class as original. Call this at import, before anyone can patch."""
    for name in names:
        method = getattr(owner, name)
        _ORIGINALS.setdefault(name, {})[id(method)] = method


def is_original(instance: object, *names: str) -> bool:
    """Return whether methods are neither overridden in a subclass nor patched."""
    patched, kind = vars(instance), type(instance)
    return all(
        name not in patched and id(getattr(kind, name)) in _ORIGINALS[name] for name in names
    )


def call_override(instance: object, name: str) -> bool:
    """Call a method if a program has overridden or patched it.

    An override that calls back into its caller is not called a second time.

    Returns:
        Whether it was called.
    """
    running: set[tuple[int, str]] | None = getattr(_thread, "running", None)
    if running is None:
        running = _thread.running = set()
    call = (id(instance), name)
    if call in running or is_original(instance, name):
        return False
    running.add(call)
    try:
        getattr(instance, name)()
    finally:
        running.discard(call)
    return True
