"""`RedisEmitter` on a real Redis."""

from __future__ import annotations

import json
import logging

import pytest
import redis

from snowplow_tracker import RedisEmitter, SelfDescribing, SelfDescribingJson, Subject, Tracker

EVENT = SelfDescribing(SelfDescribingJson("iglu:com.acme/sale/jsonschema/1-0-0", {"to": "Zoë"}))


def test_each_event_is_a_json_object_at_the_end_of_the_list(rdb):
    tracker = Tracker("ns", RedisEmitter(rdb), Subject().set_user_id("ada"), encode_base64=False)
    ids = [tracker.track(EVENT), tracker.track(EVENT)]
    events = [json.loads(entry) for entry in rdb.lrange("snowplow", 0, -1)]
    assert [event["eid"] for event in events] == ids
    assert type(events[0]["dtm"]) is int
    assert (events[0]["uid"], events[0]["tna"]) == ("ada", "ns")
    assert json.loads(events[0]["ue_pr"])["data"]["data"] == {"to": "Zoë"}


def test_the_key_may_be_another_and_change(rdb):
    emitter = RedisEmitter(rdb=rdb, key="first")
    emitter.input({"e": "pv"})
    emitter.key = "second"
    emitter.input({"e": "pp"})
    assert [rdb.lrange(key, 0, -1) for key in ("first", "second")] == [
        [b'{"e":"pv"}'],
        [b'{"e":"pp"}'],
    ]


def test_without_a_client_it_is_redis_on_this_machine():
    emitter = RedisEmitter()
    assert isinstance(emitter.rdb, redis.Redis)
    settings = emitter.rdb.connection_pool.connection_kwargs
    assert (settings["host"], settings["port"], settings["db"]) == ("localhost", 6379, 0)


def test_flushing_does_nothing_but_log(rdb, caplog):
    tracker = Tracker("ns", RedisEmitter(rdb))
    tracker.track(EVENT)
    with caplog.at_level(logging.DEBUG, "snowplow_tracker.redis"):
        tracker.flush().flush(is_async=True)
    assert {record.name for record in caplog.records} == {"snowplow_tracker.redis.redis_emitter"}
    assert rdb.llen("snowplow") == 1


def test_what_redis_refuses_reaches_the_caller_after_the_other_emitters(rdb):
    rdb.set("taken", "no list")
    tracker = Tracker("ns", [RedisEmitter(rdb, "taken"), RedisEmitter(rdb, "free")])
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        tracker.track(EVENT)
    assert rdb.llen("free") == 1
