"""A program's own classes: derived from public classes, or used in their place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

import requests
from typing_extensions import assert_type

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    Event,
    Payload,
    SelfDescribing,
    SelfDescribingJson,
    Subject,
    Tracker,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snowplow_tracker.typing import HttpProtocol, Method, PayloadDict, PayloadDictList


class OnlyInput:
    """The least that an emitter needs, with names and an answer of its own."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def input(self, event: dict[str, Any]) -> bool:
        self.events.append(event)
        return True


class OwnEmitter(Emitter):
    """Overrides whatever may be overridden."""

    def input(self, payload: PayloadDict) -> None:
        super().input({**payload, "aid": "own"})

    def flush(self) -> None:
        super().flush()

    def sync_flush(self) -> None:
        super().sync_flush()

    def async_flush(self) -> None:
        super().async_flush()

    def send_events(self, evts: PayloadDictList) -> None:
        super().send_events(evts)

    def http_get(self, payload: PayloadDict) -> int:
        return super().http_get(payload)

    @staticmethod
    def is_good_status_code(status_code: int) -> bool:
        return status_code < 400

    @staticmethod
    def attach_sent_timestamp(events: PayloadDictList) -> None:
        for event in events:
            event["stm"] = "0"

    def reached_limit(self) -> bool:
        return super().reached_limit()

    @staticmethod
    def as_collector_uri(
        endpoint: str,
        protocol: HttpProtocol = "https",
        port: int | None = None,
        method: Method = "post",
    ) -> str:
        return f"{Emitter.as_collector_uri(endpoint, protocol, port, method)}?own"

    def set_flush_timer(self, timeout: float, flush_now: bool = False) -> None:
        super().set_flush_timer(timeout, flush_now)

    def cancel_flush_timer(self) -> None:
        super().cancel_flush_timer()


class AnswersStatus(AsyncEmitter):
    def http_post(self, data: str) -> int:
        return 200 if data else 400


class AnswersBool(Emitter):
    def http_post(self, data: str) -> bool:
        return bool(data)


class AnswersResponse(Emitter):
    def http_post(self, data: str) -> Any:
        return requests.post(self.endpoint, data=data, timeout=1)


class OwnStore:
    """What an event store needs, and no more."""

    def __init__(self) -> None:
        self.events: PayloadDictList = []

    def add_event(self, payload: PayloadDict) -> bool:
        self.events.append(payload)
        return True

    def get_events_batch(self) -> PayloadDictList:
        batch, self.events = self.events, []
        return batch

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        if need_retry:
            self.events = batch + self.events

    def size(self) -> int:
        return len(self.events)


class Session:
    """Stands in for a session of requests."""

    def post(self, url: str, **request: Any) -> requests.Response:
        return requests.post(url, **request)

    def get(self, url: str, **request: Any) -> requests.Response:
        return requests.get(url, **request)


class Order(TypedDict):
    """Data as a TypedDict."""

    sku: str
    price: float


@dataclass(frozen=True)
class Line:
    """Data as a dataclass."""

    sku: str
    count: int = 1


def data_of_any_kind(tracker: Tracker) -> None:
    schema = "iglu:com.acme/order/jsonschema/1-0-0"
    order: Order = {"sku": "A-1", "price": 9.5}
    mapping: Mapping[str, object] = order
    plain: dict[str, int] = {"count": 1}
    for each in (
        SelfDescribingJson(schema, order),
        SelfDescribingJson(schema, mapping),
        SelfDescribingJson(schema, plain),
        SelfDescribingJson(schema, Line("A-1")),
        SelfDescribingJson(schema, [order, Line("A-2")]),
        SelfDescribingJson(schema, None),
    ):
        tracker.track(SelfDescribing(each))


class Purchase(SelfDescribingJson):
    """Data with a schema of its own and other parameters."""

    def __init__(self, total: float, currency: str = "EUR") -> None:
        self.currency = currency
        super().__init__("iglu:com.acme/purchase/jsonschema/1-0-0", {"total": total})

    @cached_property
    def label(self) -> str:
        return f"{self.data['total']} {self.currency}"

    def to_json(self) -> PayloadDict:
        return {**super().to_json(), "label": self.label}


class Bought(SelfDescribing):
    def __init__(self, total: float, subject: Subject | None = None) -> None:
        super().__init__(Purchase(total), event_subject=subject)


class Logged(Event):
    """An event of another kind altogether."""

    def __init__(self, level: str) -> None:
        super().__init__(event_subject=Subject(), context=[Purchase(1)])
        self.payload.add("e", "ue")
        self.level = level

    def build_payload(
        self, encode_base64: bool, json_encoder: Any, subject: Subject | None = None
    ) -> Payload:
        payload = super().build_payload(encode_base64, json_encoder, subject)
        payload.add("level", self.level)
        return payload


class OwnTracker(Tracker):
    def track(self, event: Event) -> str | None:
        event.payload.add("aid", "own")
        return super().track(event)

    def track_page_view(self, page_url: str, *args: Any, **kwargs: Any) -> Tracker:
        return super().track_page_view(page_url.lower(), *args, **kwargs)


class Service(Tracker):
    def __init__(self, collector: str) -> None:
        super().__init__("service", Emitter(collector))


def trackers(collector: str) -> list[Tracker]:
    inbox = OnlyInput()
    stored = Emitter(collector, event_store=OwnStore(), session=Session())
    answering = [AnswersStatus(collector), AnswersBool(collector), AnswersResponse(collector)]
    tracker = OwnTracker("ns", [inbox, stored, OwnEmitter(collector), *answering])
    assert_type(tracker.set_subject(None).add_emitter(inbox).flush(), OwnTracker)
    assert_type(tracker.track(Bought(9.99)), str | None)
    tracker.track(Logged("warning"))
    assert_type(Purchase(1).label, str)
    return [tracker, Service(collector), Tracker(inbox), Tracker("ns", [inbox])]
