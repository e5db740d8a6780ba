"""Everything public of version 0.x, used as its programs use it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from typing_extensions import assert_type

from snowplow_tracker import (
    AsyncEmitter,
    CeleryEmitter,
    Emitter,
    RedisEmitter,
    RedisWorker,
    SelfDescribingJson,
    Subject,
    Tracker,
)
from snowplow_tracker.celery import celery_emitter
from snowplow_tracker.redis import redis_emitter, redis_worker
from snowplow_tracker.typing import FORM_NODE_NAMES, FORM_TYPES, FormNodeName, RedisProtocol

if TYPE_CHECKING:
    from redis import Redis


def constructors_of_a_tracker(e: Emitter, s: Subject) -> list[Tracker]:
    return [
        Tracker(e),
        Tracker([e, AsyncEmitter("collector.example.com")]),
        Tracker(e, s),
        Tracker(e, s, "cf", "CF63A", False, default),
        Tracker(e, subject=s, namespace="cf", app_id="aid", encode_base64=False),
        Tracker(e, namespace="cf"),
        Tracker(emitters=e),
        Tracker(emitters=[e], json_encoder=default),
        Tracker(e, None, None, None),
    ]


def default(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else json.JSONEncoder().default(value)


def emitters() -> list[Emitter]:
    return [
        Emitter("collector.example.com", protocol="http", port=8080, method="get"),
        Emitter("collector.example.com", "http", None, "post", 5, None, None, 1000),
        Emitter("collector.example.com", buffer_size=5),
        AsyncEmitter("collector.example.com", buffer_size=5, thread_count=2),
    ]


def methods_and_attributes_of_an_emitter(emitter: Emitter) -> None:
    assert_type(emitter.buffer_size, int)
    assert_type(emitter.buffer, list[dict[str, Any]])
    emitter.buffer = [*emitter.buffer, {"e": "pv"}]
    emitter.buffer_size = 3


def by_celery() -> Tracker:
    emitter = CeleryEmitter("collector.example.com", "https", 443, "post", 5, 1000)
    CeleryEmitter("collector.example.com", method="get", batch_size=1)
    assert_type(emitter.byte_limit, int | None)
    emitter.celery_app.conf.update(task_default_queue="snowplow")
    emitter.flush()
    emitter.sync_flush()
    emitter.async_flush.delay()
    assert celery_emitter.CeleryEmitter is CeleryEmitter
    return Tracker(emitter)


def by_redis(rdb: Redis, emitter: Emitter) -> Tracker:
    RedisEmitter()
    RedisWorker(emitter)
    redis_emitter.RedisEmitter(rdb, "events")
    worker = redis_worker.RedisWorker(emitter, rdb=rdb, key="events")
    assert_type(worker.key, str)
    assert_type(worker.rdb, RedisProtocol)
    worker.send({"e": "pv"})
    worker.pop_payload()
    worker.request_shutdown()
    worker.run()
    into = RedisEmitter(rdb=rdb, key="events")
    assert_type(into.rdb, RedisProtocol)
    into.flush()
    into.sync_flush()
    return Tracker([into, emitter], namespace="cf")


def a_tracker(t: Tracker, s: Subject) -> None:
    node_name: FormNodeName = "INPUT"
    assert node_name in FORM_NODE_NAMES | FORM_TYPES
    page = [SelfDescribingJson("iglu:com.acme/page/jsonschema/1-0-0", {"kind": "product"})]
    sale = SelfDescribingJson("iglu:com.acme/sale/jsonschema/1-0-0", {"total": Decimal("9.99")})
    chained = (
        t.set_subject(s)
        .track_page_view("https://example.com", "Title", None, page, 1_700_000_000_000, s)
        .track_page_ping("https://example.com", min_x=0, max_y=9, tstamp=1.5)
        .track_link_click("https://example.com", element_classes=["a"], element_id=None)
        .track_add_to_cart("sku", 2, name="shoe", unit_price=9.99, currency="EUR")
        .track_remove_from_cart("sku", quantity=2)
        .track_form_change("form", None, node_name, "value", type_="text", event_subject=s)
        .track_form_submit("form", ["class"], [{"name": "n", "value": "v", "nodeName": "INPUT"}])
        .track_site_search(["shoe", "red"], filters={"new": True}, total_results=3)
        .track_ecommerce_transaction(
            "order", 9.99, currency="EUR", items=[{"sku": "sku", "price": 9.99, "quantity": 1}]
        )
        .track_ecommerce_transaction_item("order", "sku", 9.99, 1, context=page)
        .track_screen_view(name="start", id_=None)
        .track_mobile_screen_view("start", type="feed", previous_name=None)
        .track_struct_event("shop", "add", "sku", "size", 9.99, context=page)
        .track_self_describing_event(sale, page)
        .track_unstruct_event(event_json=sale, tstamp=None)
        .flush()
    )
    assert_type(chained, Tracker)
