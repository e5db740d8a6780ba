"""`Scope`: fields and entities of nested scopes, and those that are computed when needed."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from snowplow_tracker import SelfDescribingJson, Subject
from snowplow_tracker._scope import CURRENT, Scope

ENTITY = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {"id": "a"})
OTHER = SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {"id": "a"})


def test_there_is_no_scope_by_default():
    assert CURRENT.get() is None


def test_a_scope_starts_without_fields():
    assert Scope().merged_fields() == {}


def test_the_platform_that_each_subject_has_is_left_out():
    assert Scope(Subject().set_user_id("u")).merged_fields() == {"uid": "u"}
    assert Scope(Subject().set_platform("mob")).merged_fields() == {"p": "mob"}


def test_a_subject_that_requests_share_is_not_changed():
    shared = Subject().set_user_id("u")
    Scope(shared).subject.set_user_id("other")
    assert shared.standard_nv_pairs["uid"] == "u"


def test_inner_fields_override_outer_ones():
    outer = Scope(Subject().set_user_id("outer").set_lang("en"))
    inner = Scope(Subject().set_user_id("inner"), parent=outer)
    assert inner.merged_fields() == {"uid": "inner", "lang": "en"}
    inner.subject.set_lang(None)
    assert inner.merged_fields() == {"uid": "inner", "lang": None}
    assert outer.merged_fields() == {"uid": "outer", "lang": "en"}


def test_the_returned_fields_are_a_copy():
    scope = Scope()
    scope.merged_fields()["uid"] = "u"
    assert scope.merged_fields() == {}


def test_entities_are_outer_first_and_each_object_once():
    outer = Scope(entities=[ENTITY])
    inner = Scope(entities=[ENTITY, OTHER], parent=outer).add_entity(OTHER)
    assert [id(entity) for entity in inner.all_entities()] == [id(ENTITY), id(OTHER)]
    inner.all_entities().clear()
    assert outer.all_entities() == [ENTITY]


def test_tags_are_inherited_as_a_copy():
    outer = Scope()
    outer.tags["tenant"] = "a"
    inner = Scope(parent=outer)
    inner.tags["tenant"] = "b"
    assert outer.tags == {"tenant": "a"}
    assert not inner.fresh
    assert outer.fresh


def test_a_deferred_field_is_computed_until_it_has_a_value():
    results = [None, "u", "other"]
    scope = Scope()
    scope.defer_field("uid", lambda: results.pop(0))
    assert [scope.merged_fields() for _ in range(3)] == [{}, {"uid": "u"}, {"uid": "u"}]
    assert results == ["other"]


def test_a_field_that_is_set_is_not_computed():
    scope = Scope()
    scope.defer_field("uid", lambda: pytest.fail("it was computed"))
    scope.subject.set_user_id(None)
    assert scope.merged_fields() == {"uid": None}


def test_a_deferred_field_may_use_the_scope_itself():
    scope = Scope()
    scope.defer_field("uid", lambda: scope.merged_fields().get("uid", "nested"))
    scope.defer_entities(lambda: [*scope.all_entities(), ENTITY])
    assert scope.merged_fields() == {"uid": "nested"}
    assert scope.all_entities() == [ENTITY]


def test_a_field_whose_computation_raises_is_computed_again():
    results = iter([ZeroDivisionError(), "u"])

    def compute():
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    scope = Scope()
    scope.defer_field("uid", compute)
    with pytest.raises(ZeroDivisionError):
        scope.merged_fields()
    assert scope.merged_fields() == {"uid": "u"}


def test_threads_of_one_request_each_have_the_deferred_values():
    barrier = Barrier(2)
    scope = Scope()
    seen = []

    def compute():
        barrier.wait(20)
        return "u"

    def entities():
        barrier.wait(20)
        return [SelfDescribingJson("iglu:com.acme/tenant/jsonschema/1-0-0", {})]

    scope.defer_field("uid", compute)
    scope.defer_entities(entities)
    threads = [
        Thread(target=lambda: seen.append((scope.merged_fields(), len(scope.all_entities()))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [({"uid": "u"}, 1)] * 2
