"""`request_scope` as a block and as a decorator: the scope ends with it, in whatever way."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from snowplow_tracker import SelfDescribingJson, StructuredEvent, Subject, Tracker
from snowplow_tracker.web import current_scope, request_scope

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

ENTITY = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {"id": "a"})


def user(name: object) -> Subject:
    return Subject().set_user_id(str(name))


def uid() -> object:
    scope = current_scope()
    return scope and scope.merged_fields().get("uid")


def test_a_block_has_a_scope_and_restores_the_one_before():
    with request_scope(user("a"), [ENTITY]) as scope:
        assert current_scope() is scope
        assert uid() == "a"
        assert scope.all_entities() == [ENTITY]
        with suppress(KeyError), request_scope(user("b")):
            assert uid() == "b"
            raise KeyError
        assert uid() == "a"
    assert current_scope() is None


def test_a_fresh_scope_inherits_nothing():
    with request_scope(user("a"), [ENTITY]) as outer:
        outer.tags["x"] = 1
        with request_scope(fresh=True) as scope:
            assert (scope.merged_fields(), scope.all_entities(), scope.tags) == ({}, [], {})
            assert scope.fresh


def test_precedence_is_tracker_scope_inner_scope_event(inbox):
    subject = Subject().set_platform("srv").set_user_id("tracker").set_lang("en")
    tracker = Tracker("shop", inbox, subject, use_scope=True)
    with request_scope(user("outer").set_ip_address("10.0.0.1")), request_scope(user("inner")):
        tracker.track(StructuredEvent("a", "b"))
        tracker.track(StructuredEvent("a", "b", event_subject=user("event").set_platform("mob")))
    tracker.track(StructuredEvent("a", "b"))
    found = [[event.get(name) for name in ("uid", "p", "ip", "lang")] for event in inbox.events]
    assert found == [
        ["inner", "srv", "10.0.0.1", "en"],
        ["event", "mob", "10.0.0.1", "en"],
        ["tracker", "srv", None, "en"],
    ]


def test_an_instance_is_for_one_block_at_a_time():
    scope = request_scope()
    with scope, pytest.raises(RuntimeError, match="entered already"), scope:
        pass
    with scope:
        assert current_scope() is not None
    assert current_scope() is None


def test_each_call_of_a_decorated_function_has_a_scope_of_its_own():
    @request_scope(user("a"))
    def handle(name: str) -> object:
        scope = current_scope()
        assert scope is not None
        seen = uid()
        scope.subject.set_user_id(name)
        return seen

    assert [handle("b"), handle("c")] == ["a", "a"]
    assert handle.__name__ == "handle"
    assert current_scope() is None


def test_an_asynchronous_function_and_block():
    @request_scope(user("a"))
    async def handle() -> object:
        await asyncio.sleep(0)
        return uid()

    async def main() -> None:
        async with request_scope(user("b")):
            assert await handle() == "a"
            assert await asyncio.create_task(asyncio.sleep(0, uid())) == "b"
        assert current_scope() is None

    asyncio.run(main())


def test_a_generator_has_its_scope_in_each_step_and_its_consumer_has_not():
    ended = []

    @request_scope(user("a"))
    def generate(start: int):
        try:
            received = yield uid(), start
            yield uid(), received
        except KeyError:
            yield uid(), "thrown"
        finally:
            ended.append(uid())
        return "result"

    with request_scope(user("consumer")):
        generator = generate(1)
        assert next(generator) == ("a", 1)
        assert uid() == "consumer"
        assert generator.send(2) == ("a", 2)
        with pytest.raises(StopIteration, match="result"):
            next(generator)
        generator = generate(1)
        next(generator)
        assert generator.throw(KeyError()) == ("a", "thrown")
        generator.close()
        assert uid() == "consumer"
    assert ended == ["a", "a"]


def test_an_abandoned_generator_ends_in_its_own_scope():
    ended = []

    @request_scope(user("a"))
    def generate():
        try:
            yield
        finally:
            ended.append(uid())

    with request_scope(user("another request")):
        generator = generate()
        next(generator)
        del generator
        gc.collect()
        assert uid() == "another request"
    assert ended == ["a"]


def test_an_asynchronous_generator_has_its_scope_in_each_step():
    ended = []
    both_ended = asyncio.Event()

    @request_scope(user("a"))
    async def generate():
        try:
            while True:
                await asyncio.sleep(0)
                yield uid()
        finally:
            ended.append(uid())
            if len(ended) == 2:
                both_ended.set()

    async def main() -> None:
        async with request_scope(user("consumer")):
            closed, abandoned = generate(), generate()
            assert [await anext(closed), uid()] == ["a", "consumer"]
            assert await anext(abandoned) == "a"
            await closed.aclose()
            del abandoned
            gc.collect()
            await asyncio.wait_for(both_ended.wait(), 20)
            assert uid() == "consumer"

    asyncio.run(main())
    assert ended == ["a", "a"]


def test_a_block_in_an_asynchronous_generator_that_the_loop_closes():
    async def generate() -> AsyncGenerator[None]:
        async with request_scope(user("a")):
            yield

    async def main() -> None:
        generator = generate()
        await anext(generator)
        await asyncio.create_task(generator.aclose())

    asyncio.run(main())


def test_threads_do_not_inherit_unless_they_run_in_a_copy_of_the_context():
    with request_scope(user("a")), ThreadPoolExecutor(1) as pool:
        assert pool.submit(contextvars.copy_context().run, uid).result() == "a"
        if sys.version_info < (3, 14):
            assert pool.submit(uid).result() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_in_the_scope():
    with request_scope(user("a")):
        child = os.fork()
        if child == 0:
            os._exit(0 if uid() == "a" else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def nest(tracker: Tracker, name: str, depth: int, seed: random.Random) -> None:
    """Enter scopes in each other. Each is restored, also after an exception."""
    with request_scope(user(name)) as scope:
        tracker.track(StructuredEvent("before", name))
        with suppress(KeyError):
            if depth:
                nest(tracker, f"{name}/{depth}", depth - 1, seed)
        assert current_scope() is scope
        tracker.track(StructuredEvent("after", name))
        if seed.random() < 0.5:
            raise KeyError


def test_64_threads_with_nested_scopes(inbox):
    barrier = Barrier(64)
    tracker = Tracker("shop", inbox, use_scope=True)

    def work(number: int) -> None:
        barrier.wait(30)
        seed = random.Random(number)
        for turn in range(20):
            with suppress(KeyError):
                nest(tracker, f"{number}-{turn}", 6, seed)
            assert current_scope() is None

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(work, range(64)))
    assert len(inbox.events) == 64 * 20 * 7 * 2
    assert [event for event in inbox.events if event["uid"] != event["se_ac"]] == []


def test_10_000_tasks_each_see_their_own_scope(inbox):
    tracker = Tracker("shop", inbox, use_scope=True)

    async def work(number: int) -> None:
        async with request_scope(user(number)):
            await asyncio.sleep(0)
            async with request_scope(entities=[ENTITY]) as inner:
                await asyncio.sleep(0)
                assert uid() == str(number)
                assert inner.all_entities() == [ENTITY]
            await asyncio.sleep(0)
            tracker.track(StructuredEvent("task", str(number)))
        assert current_scope() is None

    async def main() -> None:
        await asyncio.gather(*(work(number) for number in range(10_000)))

    asyncio.run(main())
    assert len(inbox.events) == 10_000
    assert [event for event in inbox.events if event["uid"] != event["se_ac"]] == []


@pytest.mark.parametrize("subject", ["ann", {"uid": "ann"}, 7])
def test_something_else_than_a_subject(subject):
    with pytest.raises(ValueError, match=r"^subject must be a Subject, not "):
        request_scope(subject)


def test_a_decorator_without_parentheses():
    with pytest.raises(ValueError, match=r"Write @request_scope\(\)$"):

        @request_scope  # type: ignore[arg-type]
        def handle() -> None: ...


@pytest.mark.parametrize("entities", [SelfDescribingJson("iglu:a/b/c/1-0-0", {}), [{}], ["a"], 7])
def test_something_else_than_entities(entities):
    with pytest.raises(ValueError, match=r"^entities must be a list of SelfDescribingJson, not "):
        request_scope(None, entities)


def test_something_else_than_an_entity_that_is_added():
    with request_scope() as scope, pytest.raises(ValueError, match="SelfDescribingJson, not"):
        scope.add_entity({"schema": "iglu:a/b/c/1-0-0", "data": {}})  # type: ignore[arg-type]
    assert scope.entities == []
