"""Everything public of version 1.x, used as its programs use it."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any

import requests
from typing_extensions import assert_type

from snowplow_tracker import (
    VERSION,
    AsyncEmitter,
    Emitter,
    EmitterConfiguration,
    Event,
    EventStore,
    InMemoryEventStore,
    PagePing,
    PageView,
    Payload,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    StructuredEvent,
    Subject,
    Tracker,
    TrackerConfiguration,
    __version__,
    disable_contracts,
    enable_contracts,
    logger,
)
from snowplow_tracker._version import __build_version__, __version_info__
from snowplow_tracker.constants import BASE_SCHEMA_PATH, SCHEMA_TAG, ContextArray
from snowplow_tracker.contracts import (
    contracts_enabled,
    form_element,
    greater_than,
    non_empty,
    non_empty_string,
    one_of,
    satisfies,
)
from snowplow_tracker.emitters import (
    DEFAULT_MAX_LENGTH,
    METHODS,
    PAYLOAD_DATA_SCHEMA,
    PROTOCOLS,
    FlushTimer,
    Requester,
)
from snowplow_tracker.subject import DEFAULT_PLATFORM
from snowplow_tracker.typing import (
    SUPPORTED_PLATFORMS,
    EmitterProtocol,
    FailureCallback,
    HttpProtocol,
    JsonEncoderFunction,
    Method,
    PayloadDict,
    PayloadDictList,
    SuccessCallback,
    SupportedPlatform,
)


def constructors_of_a_tracker(emitter: Emitter, subject: Subject) -> list[Tracker]:
    return [
        Tracker("shop", emitter),
        Tracker("shop", [emitter]),
        Tracker("shop", (emitter, AsyncEmitter("collector.example.com"))),
        Tracker("shop", [emitter], subject, "app", False, str),
        Tracker("shop", emitter, subject=subject, app_id="app"),
        Tracker(namespace="shop", emitters=emitter),
        Tracker(
            emitters=[emitter],
            namespace="shop",
            subject=None,
            app_id=None,
            encode_base64=True,
            json_encoder=None,
        ),
    ]


def emitters(collector: str) -> list[Emitter]:
    def sent(events: PayloadDictList) -> None:
        logger.info("%d sent, the first is %s", len(events), events[0]["eid"])

    def failed(n_sent: int, events: list[dict[str, Any]]) -> None:
        logger.warning("%d sent, %d not", n_sent, len(events))

    on_success: SuccessCallback = sent
    on_failure: FailureCallback = failed
    protocol: HttpProtocol = "https"
    method: Method = "post"
    store: EventStore = InMemoryEventStore(logger, 10)
    return [
        Emitter(collector),
        Emitter(collector, protocol, 443, method, 5, on_success, on_failure, 10_000, 2.5),
        Emitter(
            endpoint=collector,
            method="get",
            batch_size=1,
            request_timeout=(0.5, 2),
            max_retry_delay_seconds=30,
            buffer_capacity=100,
            custom_retry_codes={418: False, -1: True},
            event_store=store,
            session=requests.Session(),
        ),
        AsyncEmitter(collector, "http", None, "post", 10, on_success, on_failure, 2, 10_000),
        AsyncEmitter(collector, thread_count=3, buffer_capacity=None),
    ]


def methods_and_attributes_of_an_emitter(emitter: Emitter) -> None:
    assert_type(emitter.endpoint, str)
    assert_type(emitter.batch_size, int)
    assert_type(emitter.byte_limit, int | None)
    assert_type(emitter.bytes_queued, int | None)
    assert_type(emitter.on_success, SuccessCallback | None)
    assert_type(emitter.on_failure, FailureCallback | None)
    assert_type(emitter.event_store, EventStore)
    assert_type(emitter.max_retry_delay_seconds, float)
    assert_type(emitter.retry_delay, float)
    assert_type(emitter.custom_retry_codes, dict[int, bool])
    assert_type(emitter.request_method, Requester)
    assert_type(emitter.timer, FlushTimer)
    assert_type(emitter.timer.is_active(), bool)
    assert_type(emitter.reached_limit(), bool)
    assert_type(emitter.is_good_status_code(200), bool)
    assert_type(emitter.http_post("{}"), int)
    assert_type(emitter.http_get({"e": "pv"}), int)
    assert_type(Emitter.as_collector_uri("host", "http", 80, "get"), str)
    emitter.batch_size, emitter.byte_limit, emitter.request_timeout = 20, None, 3
    emitter.on_success = emitter.on_failure = None
    emitter.event_store = InMemoryEventStore(logging.getLogger("shop"), buffer_capacity=5)
    with emitter.lock:
        emitter.input({"e": "pv", "url": "https://example.com"})
    emitter.attach_sent_timestamp([{"e": "pv"}])
    emitter.send_events([{"e": "pv"}])
    emitter.set_flush_timer(0.5, flush_now=True)
    emitter.cancel_flush_timer()
    emitter.flush()
    emitter.async_flush()
    emitter.sync_flush()


def what_is_new(collector: str) -> None:
    with Emitter(collector, exit_timeout=1.0) as emitter, Tracker("shop", emitter) as tracker:
        assert_type(emitter, Emitter)
        assert_type(tracker, Tracker)
        assert_type(emitter.stats(), dict[str, Any])
    with AsyncEmitter(collector) as unhurried:
        assert_type(unhurried, AsyncEmitter)
        unhurried.close(timeout=0.5)
    tracker.close(0)


def a_subject() -> Subject:
    platform: SupportedPlatform = "srv"
    subject = (
        Subject()
        .set_platform(platform)
        .set_user_id("ada")
        .set_screen_resolution(1920, 1080)
        .set_viewport(width=800, height=600)
        .set_color_depth(24)
        .set_timezone("Europe/London")
        .set_lang("en")
        .set_domain_user_id(None)
        .set_domain_session_id("session")
        .set_domain_session_index(3)
        .set_ip_address("192.0.2.1")
        .set_useragent("agent")
        .set_network_user_id("network")
    )
    subject.standard_nv_pairs["uid"] = "grace"
    assert_type(subject.combine_subject(Subject()), PayloadDict)
    return subject


def contexts() -> ContextArray:
    schema = f"{BASE_SCHEMA_PATH}/page/{SCHEMA_TAG}/1-0-0"
    page = SelfDescribingJson(schema, {"kind": "product", "tags": ["new", 1, None]})
    assert_type(page.schema, str)
    assert_type(page.to_json(), PayloadDict)
    assert_type(page.to_string(), str)
    page.data["kind"] = "cart"
    return [page, SelfDescribingJson(schema=schema, data=[])]


def events(subject: Subject, context: ContextArray) -> list[Event]:
    now = 1_700_000_000_000
    view = PageView("https://example.com", "Title", "https://example.org", subject, context, now)
    view.page_title = None
    assert_type(view.page_url, str)
    assert_type(view.referrer, str | None)
    assert_type(view.event_subject, Subject | None)
    assert_type(view.true_timestamp, float | None)
    ping = PagePing(page_url="https://example.com", min_x=0, max_x=5, min_y=0, max_y=9)
    assert_type(ping.max_y, int | None)
    deed = StructuredEvent("shop", "add", "sku", "size", 9.99, context=tuple(context))
    assert_type(deed.value, float | None)
    screen = ScreenView("3f1f3d8e", "start", type="feed", transition_type="push")
    screen.name, screen.previous_name = "end", "start"
    assert_type(screen.screen_view_properties, dict[str, Any])
    own = SelfDescribing(context[0], true_timestamp=float(now))
    assert_type(own.event_json, SelfDescribingJson)
    plain = Event({"e": "ue"}, event_subject=subject, context=None, true_timestamp=None)
    plain.payload.add("aid", "app")
    return [view, ping, deed, screen, own, plain]


def a_tracker(tracker: Tracker, emitter: Emitter, subject: Subject) -> None:
    event = StructuredEvent("shop", "add")
    assert_type(tracker.track(event), str | None)
    assert_type(tracker.track(event=event), str | None)
    assert_type(
        tracker.set_subject(subject).add_emitter(emitter).flush().flush(is_async=True), Tracker
    )
    assert_type(tracker.get_namespace(), str | None)
    assert_type(Tracker.get_uuid(), str)
    assert_type(tracker.get_timestamp(1.5), int)
    assert_type(tracker.subject, Subject | None)
    assert_type(tracker.encode_base64, bool)
    assert_type(tracker.json_encoder, JsonEncoderFunction | None)
    tracker.standard_nv_pairs["tna"] = "shop"
    tracker.emitters.append(emitter)


def a_payload(payload: Payload) -> None:
    payload.add("p", "srv")
    payload.add_dict({"aid": "app"}, base64=False)
    payload.add_json({"a": 1}, True, "ue_px", "ue_pr", json_encoder=str)
    assert_type(payload.get(), PayloadDict)
    assert_type(payload.nv_pairs, PayloadDict)


def configured_trackers(collector: str, subject: Subject) -> None:
    configuration = EmitterConfiguration(batch_size=2, custom_retry_codes={500: False})
    assert_type(configuration.set_retry_code(418, retry=False), bool)
    assert_type(configuration.byte_limit, int | None)
    configuration.request_timeout, configuration.buffer_capacity = (1, 2.5), 50
    configuration.event_store = InMemoryEventStore(logger)
    configuration.session = requests.Session()
    encoding = TrackerConfiguration(encode_base64=False, json_encoder=encode_time)
    tracker = Snowplow.create_tracker(
        namespace="configured",
        endpoint=collector,
        method="post",
        app_id="app",
        subject=subject,
        tracker_config=encoding,
        emitter_config=configuration,
    )
    assert_type(tracker, Tracker)
    assert_type(Snowplow.get_tracker("configured"), Tracker | None)
    Snowplow.remove_tracker(tracker)
    assert_type(Snowplow.add_tracker(tracker), Tracker)
    Snowplow.remove_tracker_by_namespace("configured")
    Snowplow.reset()


def encode_time(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    raise TypeError(type(value).__name__)


def contracts() -> None:
    disable_contracts()
    non_empty([])
    non_empty_string("")
    one_of("a", {"b"})
    greater_than(1, 2.5)
    satisfies(1, lambda value: value > 1)
    form_element({})
    enable_contracts()
    assert_type(contracts_enabled(), bool)


def any_emitter(emitter: EmitterProtocol) -> Tracker:
    emitter.input({"e": "pv"})
    emitter.flush()
    return Tracker("shop", emitter)


def constants() -> None:
    assert_type(VERSION, str)
    assert_type(__version__, str)
    assert_type(__version_info__, tuple[int, ...])
    assert_type(__build_version__, str)
    assert_type(PAYLOAD_DATA_SCHEMA, str)
    default_platform: str = DEFAULT_PLATFORM
    default_batch_size: int = DEFAULT_MAX_LENGTH
    assert_type([default_platform] * default_batch_size, list[str])
    assert_type(METHODS | PROTOCOLS | SUPPORTED_PLATFORMS, set[str])
