"""A subclass of a public class may use any private name for something of its own."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from tests.compat import subclass_cases
from tests.compat.private_names import NAMES, OF_EMITTERS_AND_STORES
from tests.compat.subclass_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.compat.subclass_cases import Case

EMITTERS_AND_STORES = [
    subclass_cases.emitter,
    subclass_cases.async_emitter,
    subclass_cases.in_memory_event_store,
    subclass_cases.sqlite_event_store,
]
MODULES = {
    "emitters": "Emitter AsyncEmitter Requester FlushTimer",
    "event_store": "InMemoryEventStore",
    "sqlite_event_store": "SQLiteEventStore",
    "tracker": "Tracker",
    "subject": "Subject",
    "payload": "Payload",
    "self_describing_json": "SelfDescribingJson",
    "events.event": "Event",
    "events.page_view": "PageView",
    "events.page_ping": "PagePing",
    "events.screen_view": "ScreenView",
    "events.self_describing": "SelfDescribing",
    "events.structured_event": "StructuredEvent",
    "snowplow": "Snowplow",
    "emitter_configuration": "EmitterConfiguration",
    "tracker_configuration": "TrackerConfiguration",
    "redis.redis_emitter": "RedisEmitter",
    "redis.redis_worker": "RedisWorker",
    "celery.celery_emitter": "CeleryEmitter",
    "collector.server": "CollectorServer",
    "collector.journal": "Journal",
}
CLASSES = {name: module for module, names in MODULES.items() for name in names.split()}


class Value:
    """What a program keeps under a private name: it is good for nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"the program's own {self.name}"


class Subclasses:
    """Makes subclasses that have something of their own under private names.

    Args:
        kind: "before" and "after" set attributes, before or after the base's constructor;
            "methods" defines methods.
        names: The names.
    """

    def __init__(self, kind: str, names: Iterable[str]) -> None:
        self._kind = kind
        self._values = {name: Value(name) for name in names}
        self._called: list[str] = []

    def make(self, base: type) -> type:
        """Return a subclass."""
        if self._kind == "methods":
            namespace: dict[str, Any] = {name: self._method(name) for name in self._values}
        else:
            namespace = {"__init__": self._constructor(base)}
        return type(base)(f"Own{base.__name__}", (base,), namespace)

    def check(self, instance: object) -> None:
        """Check that what the program set is what it finds, and that nobody has called it."""
        if self._kind != "methods":
            found = {name: getattr(instance, name) for name in self._values}
            assert found == self._values
        assert self._called == []

    def _method(self, name: str) -> Any:
        def method(*_args: Any, **_kwargs: Any) -> None:
            self._called.append(name)
            raise AssertionError(f"the program's own {name} was called")

        return method

    def _constructor(self, base: Any) -> Any:
        def constructor(instance: Any, *args: Any, **kwargs: Any) -> None:
            if self._kind == "before":
                vars_of(instance)
            base.__init__(instance, *args, **kwargs)
            if self._kind == "after":
                vars_of(instance)

        def vars_of(instance: Any) -> None:
            for name, value in self._values.items():
                setattr(instance, name, value)

        return constructor


@pytest.mark.parametrize("kind", ["before", "after", "methods"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_subclass_may_use_any_private_name(tmp_path: Path, case: Case, kind: str) -> None:
    subclasses = Subclasses(kind, NAMES)
    for instance in case(subclasses.make, tmp_path):
        subclasses.check(instance)


@pytest.mark.parametrize("name", OF_EMITTERS_AND_STORES)
@pytest.mark.parametrize("case", EMITTERS_AND_STORES, ids=lambda case: case.__name__)
def test_each_name_may_be_an_attribute_of_an_emitter_and_of_a_store(
    tmp_path: Path, case: Case, name: str
) -> None:
    subclasses = Subclasses("after", [name])
    for instance in case(subclasses.make, tmp_path):
        subclasses.check(instance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_no_instance_has_private_names(tmp_path: Path, case: Case) -> None:
    found = {type(one).__name__: private_names(one) for one in case(lambda kind: kind, tmp_path)}
    assert {kind: names for kind, names in found.items() if names} == {}


def private_names(instance: object) -> list[str]:
    """Return each `_name` of an instance and its class that a subclass could hide."""
    ours = [kind for kind in type(instance).__mro__ if is_of_package(kind.__module__)]
    mangled = tuple(f"_{kind.__name__.lstrip('_')}__" for kind in ours)
    names = set(getattr(instance, "__dict__", {})).union(*map(vars, ours))
    return sorted(
        name for name in names if name.startswith("_") and not name.startswith(("__", *mangled))
    )


def is_of_package(module: str) -> bool:
    return module.partition(".")[0] == "snowplow_tracker"


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_names_its_public_module(name: str) -> None:
    module = f"snowplow_tracker.{CLASSES[name]}"
    assert getattr(import_module(module), name).__module__ == module


@pytest.mark.parametrize("name", CLASSES)
def test_methods_name_the_public_module_of_their_class(name: str) -> None:
    """Except the old methods of `Tracker`, which have a page of their own, and timers."""
    kind = getattr(import_module(f"snowplow_tracker.{CLASSES[name]}"), name)
    modules = {
        f"{name}.{method}": function.__module__
        for method, function in inspect.getmembers(kind, inspect.isroutine)
        if name != "FlushTimer"
        and not method.startswith(("_", "track_"))
        and function.__module__ is not None
    }
    assert {method: module for method, module in modules.items() if "._" in module} == {}
