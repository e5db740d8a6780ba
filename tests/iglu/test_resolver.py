"""The resolver asks registries in Iglu's order, and keeps answers by Iglu's rules."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.iglu.schemas import URI, order, schema, write

from snowplow_tracker.iglu import (
    ConfigurationError,
    FolderRegistry,
    HttpRegistry,
    MemoryRegistry,
    RegistryError,
    ResolutionError,
    Resolver,
    SchemaKey,
    StandardRegistry,
    Validator,
)
from snowplow_tracker.iglu.cache import Attempts, backoff_seconds

KEY = SchemaKey.parse(URI)


class Remote:
    """A registry that is not local, whose answers a test sets."""

    def __init__(self, name: str = "remote", answer: Any = None, prefixes=(), priority=1) -> None:
        self.name = name
        self.priority = priority
        self.vendor_prefixes = tuple(prefixes)
        self.answer = answer
        self.calls = 0

    def lookup(self, _: SchemaKey) -> dict[str, Any] | None:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: dict[str, Any] | None = self.answer
        return answer


@pytest.fixture
def clock(monkeypatch):
    """The time that resolvers see; tests set `clock.now`."""

    class Clock:
        now = 1_800_000_000.0

    monkeypatch.setattr("snowplow_tracker.iglu.resolver.time.time", lambda: Clock.now)
    return Clock


def found(resolver: Resolver) -> dict[str, Any] | None:
    try:
        return resolver.lookup(KEY)
    except ResolutionError:
        return None


def test_the_order_is_prefix_class_priority(tmp_path):
    asked: list[str] = []

    def noting(registry: Any) -> Any:
        original = registry.lookup

        def lookup(key: SchemaKey) -> Any:
            asked.append(registry.name)
            return original(key)

        registry.lookup = lookup
        return registry

    registries = [
        Remote("http 2", priority=2),
        Remote("http 1", priority=1),
        Remote("http for acme", prefixes=["org", "com.ac"], priority=9),
        StandardRegistry(),
        FolderRegistry(tmp_path, "folder 0", 0),
        FolderRegistry(tmp_path, "folder -1", -1),
        FolderRegistry(tmp_path, "folder for acme", 5, ["com.acme"]),
        MemoryRegistry(name="memory", priority=7),
    ]
    assert found(Resolver([noting(registry) for registry in registries])) is None
    assert asked == [
        *("folder for acme", "Standard schemas", "http for acme"),
        *("memory", "folder -1", "folder 0", "http 1", "http 2"),
    ]


def test_the_first_that_has_the_schema_wins():
    first, second = schema({"title": "1"}), schema({"title": "2"})
    resolver = Resolver([MemoryRegistry([first], "1"), MemoryRegistry([second], "2", 1)])
    assert resolver.lookup(KEY) == first


def test_names_must_differ():
    with pytest.raises(ValueError, match="names must be unique: a, a"):
        Resolver([Remote("a"), Remote("a")])


def test_a_schema_is_kept_until_its_time_is_over(clock):
    remote = Remote(answer={"title": "1"})
    resolver = Resolver([remote], cache_ttl=60)
    clock.now += 0.5
    assert found(resolver) == {"title": "1"}
    remote.answer = {"title": "2"}
    clock.now += 59
    assert found(resolver) == {"title": "1"}
    clock.now += 1
    assert found(resolver) == {"title": "2"}
    assert remote.calls == 2


def test_a_schema_that_is_looked_up_again_in_vain_is_kept(clock):
    remote = Remote(answer={"title": "1"})
    resolver = Resolver([remote], cache_ttl=60)
    found(resolver)
    remote.answer = RegistryError("down")
    clock.now += 60
    assert found(resolver) == {"title": "1"}
    clock.now += 59
    assert found(resolver) == {"title": "1"}
    assert remote.calls == 2
    clock.now += 1
    assert found(resolver) == {"title": "1"}
    assert remote.calls == 3


@pytest.mark.parametrize("settings", [{"cache_size": 0}, {"cache_ttl": 0}])
def test_without_a_cache_each_lookup_asks(settings):
    remote = Remote(answer={})
    resolver = Resolver([remote], **settings)
    assert [found(resolver), found(resolver)] == [{}, {}]
    assert remote.calls == 2


def test_without_a_time_schemas_are_kept_for_good(clock):
    remote = Remote(answer={})
    resolver = Resolver([remote], cache_ttl=None)
    found(resolver)
    clock.now += 1e9
    found(resolver)
    assert remote.calls == 1


def test_the_schema_that_was_not_used_for_the_longest_time_is_forgotten():
    remote = Remote(answer={})
    resolver = Resolver([remote], cache_size=2)
    a, b, c = (KEY.with_version(f"1-0-{i}") for i in range(3))
    for key in (a, b, a, c, a):
        resolver.lookup(key)
    assert remote.calls == 3
    resolver.lookup(b)
    assert remote.calls == 4


def test_not_found_is_final_until_the_time_is_over(clock):
    remote = Remote()
    resolver = Resolver([remote], cache_ttl=60)
    for _ in range(3):
        assert found(resolver) is None
        clock.now += 19
    assert remote.calls == 1
    remote.answer = {}
    clock.now += 3
    assert found(resolver) == {}


def test_other_failures_are_asked_again_after_a_growing_pause(clock):
    remote = Remote(answer=RegistryError("down"))
    other = Remote("other")
    resolver = Resolver([other, remote], cache_ttl=600)
    found(resolver)
    for attempts in range(1, 6):
        assert remote.calls == attempts
        clock.now += backoff_seconds(attempts) - 0.001
        found(resolver)
        assert remote.calls == attempts
        clock.now += 0.002
        found(resolver)
    assert other.calls == 1


def test_the_pauses_are_those_of_iglu():
    pauses = {1: 0.504, 2: 0.516, 8: 60.0, 9: 20.183, 12: 60.0, 13: 13.692, 20: 60.0, 99: 60.0}
    assert {attempts: backoff_seconds(attempts) for attempts in pauses} == pauses


def test_the_history_of_a_failure(clock):
    clock.now = 1_769_860_800.0
    down = Remote("B", RegistryError("Unexpected server response: x" * 20))
    resolver = Resolver([down, Remote("A", RegistryError("n", "ClientFailure")), Remote("C")])
    with pytest.raises(ResolutionError) as first:
        resolver.lookup(KEY)
    clock.now += 1
    down.answer = RegistryError("down")
    with pytest.raises(ResolutionError, match="not found in A, B, C") as caught:
        resolver.lookup(KEY)
    assert [entry["attempts"] for entry in first.value.history] == [1, 1, 1]
    repo = {"error": "RepoFailure", "message": ("Unexpected server response: x" * 20)[:256]}
    assert caught.value.history == [
        {
            "repository": "A",
            "errors": [{"error": "ClientFailure", "message": "n"}],
            "attempts": 2,
            "lastAttempt": "2026-01-31T12:00:01.000Z",
        },
        {
            "repository": "B",
            "errors": [repo, {"error": "RepoFailure", "message": "down"}],
            "attempts": 2,
            "lastAttempt": "2026-01-31T12:00:01.000Z",
        },
        {
            "repository": "C",
            "errors": [{"error": "NotFound"}],
            "attempts": 1,
            "lastAttempt": "2026-01-31T12:00:00.000Z",
        },
    ]


def test_at_most_32_errors_are_kept():
    attempts = Attempts()
    for number in range(40):
        attempts.add({"error": "RepoFailure", "message": str(number)}, float(number))
    assert (len(attempts.errors), attempts.count, attempts.last) == (32, 40, 39.0)
    assert attempts.errors[-1]["message"] == "39"


def test_concurrent_lookups_of_one_schema_ask_once():
    entered = threading.Semaphore(0)
    may_answer = threading.Event()

    class Slow(Remote):
        def lookup(self, key: SchemaKey) -> dict[str, Any] | None:
            entered.release()
            may_answer.wait(5)
            return super().lookup(key)

    resolver = Resolver([Slow(answer={})])
    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(resolver.lookup, KEY) for _ in range(2)]
        assert entered.acquire(timeout=5)
        assert not entered.acquire(timeout=0.1)
        may_answer.set()
        assert [result.result(5) for result in results] == [{}, {}]
    assert not entered.acquire(timeout=0)


def test_an_edited_file_counts_at_the_next_lookup(tmp_path):
    file = write(tmp_path, schema({"type": "string"}))
    checker = Validator(Resolver([FolderRegistry(tmp_path), StandardRegistry()]))
    assert checker.validate(order("a")) == []
    write(tmp_path, schema({"type": "number"}))
    assert len(checker.validate(order("a"))) == 1
    file.write_text("{", encoding="utf-8")
    [failure] = checker.validate(order("a"))
    assert "RepoFailure" in json.dumps(failure.to_violation())
    file.unlink()
    [failure] = checker.validate(order("a"))
    assert failure.type == "ResolutionError"
    write(tmp_path, schema({"type": "string"}))
    assert checker.validate(order("a")) == []


def test_a_file_of_the_same_size_and_time_counts_too(tmp_path):
    file = write(tmp_path, schema({"type": "string"}))
    checker = Validator(Resolver([FolderRegistry(tmp_path)]))
    assert checker.validate(order("a")) == []
    before = file.stat()
    new = write(tmp_path, schema({"type": "object"}), "new")
    new.rename(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert len(checker.validate(order("a"))) == 1


def test_a_file_that_is_added_takes_precedence_over_what_is_kept(tmp_path):
    remote = Remote(answer=schema({"title": "remote"}), prefixes=["com.acme"])
    resolver = Resolver([FolderRegistry(tmp_path, vendor_prefixes=[""]), remote])
    assert resolver.lookup(KEY)["title"] == "remote"
    write(tmp_path, schema({"title": "folder"}))
    assert FolderRegistry(tmp_path).lookup(KEY) is not None
    # The layout was read when the registry was created: the folder had no `schemas` yet.
    write(tmp_path, schema({"title": "folder"}), KEY.path)
    assert resolver.lookup(KEY)["title"] == "folder"


def configuration(*repositories: dict[str, Any], **changes: Any) -> dict[str, Any]:
    data = {"cacheSize": 500, "cacheTtl": 60, "repositories": list(repositories), **changes}
    uri = "iglu:com.snowplowanalytics.iglu/resolver-config/jsonschema/1-0-3"
    return {"schema": uri, "data": data}


def repository(connection: dict[str, Any], name: str = "A") -> dict[str, Any]:
    return {"name": name, "priority": 0, "vendorPrefixes": ["com"], "connection": connection}


def test_a_resolver_configuration(tmp_path):
    (tmp_path / "own").mkdir()
    content = configuration(
        repository({"embedded": {"path": "own"}}, "own"),
        repository({"http": {"uri": "https://a.example/api/", "apikey": None}}, "server"),
    )
    file = write(tmp_path, json.dumps(content), "resolver.json")
    folder, server = Resolver.from_config(file).registries
    assert isinstance(folder, FolderRegistry)
    assert isinstance(server, HttpRegistry)
    assert (folder.path, folder.vendor_prefixes) == (tmp_path / "own", ("com",))
    assert (server.uri, server.name) == ("https://a.example/api", "server")


EMBEDDED = {"embedded": {"path": "/"}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (configuration(repository(EMBEDDED), repository(EMBEDDED)), "names must be unique, A"),
        (configuration(cacheSize="5"), r"\$.cacheSize: string found, number expected"),
        (configuration(cacheTtl=-1), r"\$.cacheTtl: must have a minimum value of 0"),
        (configuration(other=1), r"\$.other: is not defined"),
        (configuration({"name": "A"}), "priority: is missing but it is required"),
        (configuration(repository({**EMBEDDED, "http": {"uri": "http://a"}})), "connection"),
        (configuration(repository({"http": {"uri": "no uri"}})), "uri"),
        (configuration(repository({"embedded": {"path": "/no/such"}})), "no such folder"),
        ({"schema": "iglu:a/b/jsonschema/1-0-0", "data": {}}, "resolver-config/jsonschema/1-0-"),
        ({"data": {}}, 'needs "schema"'),
    ],
)
def test_a_configuration_that_cannot_be_used(content, reason):
    with pytest.raises(ConfigurationError, match=reason):
        Resolver.from_config(content)


@pytest.mark.parametrize(("text", "reason"), [(None, "no such file"), ("{", "not JSON")])
def test_a_configuration_file_that_cannot_be_read(tmp_path, text, reason):
    file = tmp_path / "resolver.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"resolver.json: {reason}"):
        Resolver.from_config(file)
