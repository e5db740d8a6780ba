"""Intended differences of values and events, as patches to the original package."""

from __future__ import annotations

import copy
import json
import math
import re
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

if TYPE_CHECKING:
    from qa.differential.patching import Patching

_OUTSIDE_OF_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")|NaN|-?Infinity')
_MOST_LEVELS = 255
_LONGEST_QUERY = 16_000


def nan_becomes_null(patching: Patching) -> None:
    def dumps(original: Any, data: Any, **options: Any) -> str:
        text = original(data, **options)
        return _OUTSIDE_OF_TEXT.sub(lambda match: match[1] or "null", text)

    patching.wrap_dumps(dumps)


def nan_field_is_left_out(patching: Patching) -> None:
    def build(method: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        stamp = event.true_timestamp
        event.true_timestamp = None if _is_non_finite(stamp) else stamp
        try:
            return method(event, *args, **kwargs)
        finally:
            event.true_timestamp = stamp

    def complete(
        method: Any, tracker: Any, payload: Any, context: Any, stamp: Any, who: Any
    ) -> Any:
        return method(tracker, payload, context, None if _is_non_finite(stamp) else stamp, who)

    patching.wrap_fields(
        lambda fields: {name: fields[name] for name in fields if not _is_non_finite(fields[name])}
    )
    if patching.is_0x:
        patching.wrap(patching.tracker, "complete_payload", complete)
    else:
        patching.wrap(patching.module("events").Event, "build_payload", build)


def _is_non_finite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, Decimal) and not value.is_finite()


def lone_surrogate_is_replaced(patching: Patching) -> None:
    def dumps(original: Any, data: Any, **options: Any) -> str:
        raw = _repaired_text(original(data, **{**options, "ensure_ascii": False}))
        if not options.get("ensure_ascii", True):
            return raw
        return "".join(_escaped(character) for character in raw)

    patching.wrap_fields(lambda fields: {name: _repaired(fields[name]) for name in fields})
    patching.wrap_dumps(dumps)


def _repaired(value: Any) -> Any:
    return _repaired_text(value) if isinstance(value, str) else value


def _escaped(character: str) -> str:
    return character if character.isascii() else json.dumps(character)[1:-1]


def _repaired_text(text: str) -> str:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def blank_field_is_left_out(patching: Patching) -> None:
    def sent(fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value is not None and value != ""}

    patching.wrap_fields(sent)


def blank_field_of_a_payload_is_left_out(patching: Patching) -> None:
    def take(method: Any, emitter: Any, payload: Any) -> None:
        sent = {name: value for name, value in payload.items() if value is not None and value != ""}
        method(emitter, payload if sent == payload else sent)

    patching.wrap(patching.module("emitters").Emitter, "input", take)


def text_of_a_str_subclass_counts(patching: Patching) -> None:
    def accept(check: Any, text: Any) -> None:
        check(str.__str__(text) if isinstance(text, str) else text)

    def take(method: Any, emitter: Any, payload: Any) -> None:
        def sent(value: Any) -> Any:
            return str.__str__(value) if isinstance(value, str) else value

        is_post = emitter.method == "post"
        method(emitter, {key: sent(payload[key]) for key in payload} if is_post else payload)

    patching.wrap_check("non_empty_string", accept)
    patching.wrap(patching.module("emitters").Emitter, "input", take)


def well_known_objects_are_encoded(patching: Patching) -> None:
    def dumps(original: Any, data: Any, **options: Any) -> str:
        if options.get("default") is None:
            options["default"] = _encoded
        return str(original(data, **options))

    patching.wrap_dumps(dumps)


def encoder_is_asked_first(patching: Patching) -> None:
    def dumps(original: Any, data: Any, **options: Any) -> str:
        encoder: Any = options.get("default")

        def default(thing: Any) -> Any:
            try:
                return encoder(thing)
            except TypeError as refusal:
                try:
                    return _encoded(thing)
                except TypeError:
                    raise refusal from None

        if encoder is not None:
            options["default"] = default
        return str(original(data, **options))

    patching.wrap_dumps(dumps)


def keys_are_written_as_values(patching: Patching) -> None:
    def dumps(original: Any, data: Any, **options: Any) -> str:
        return str(original(_with_known_keys(data), **options))

    patching.wrap_dumps(dumps)


def _with_known_keys(data: Any) -> Any:
    if isinstance(data, dict):
        return {_known_key(key): _with_known_keys(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_with_known_keys(item) for item in data]
    return data


def _known_key(key: Any) -> Any:
    try:
        return key if isinstance(key, int | float | str) else _encoded(key)
    except TypeError:
        return key


def enum_field_is_its_value(patching: Patching) -> None:
    def value(field: Any) -> Any:
        is_plain = isinstance(field, Enum) and not isinstance(field, str)
        return field.value if is_plain else field

    patching.wrap_fields(lambda fields: {name: value(fields[name]) for name in fields})


def datetime_is_a_true_timestamp(patching: Patching) -> None:
    def milliseconds(stamp: Any) -> Any:
        if not isinstance(stamp, datetime):
            return stamp
        if stamp.utcoffset() is None:
            raise ValueError("no time zone")
        return (stamp - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)

    def build(method: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        stamp = event.true_timestamp
        event.true_timestamp = milliseconds(stamp)
        try:
            return method(event, *args, **kwargs)
        finally:
            event.true_timestamp = stamp

    def complete(
        method: Any, tracker: Any, payload: Any, context: Any, stamp: Any, who: Any
    ) -> Any:
        return method(tracker, payload, context, milliseconds(stamp), who)

    if patching.is_0x:
        patching.wrap(patching.tracker, "complete_payload", complete)
    else:
        patching.wrap(patching.module("events").Event, "build_payload", build)


def _encoded(thing: Any) -> Any:
    if isinstance(thing, set | frozenset | range):
        return list(thing)
    if isinstance(thing, datetime | date | time):
        return thing.isoformat()
    if isinstance(thing, UUID):
        return str(thing)
    if isinstance(thing, Decimal):
        return float(thing) if not str(thing).lstrip("-").isdigit() else int(thing)
    if isinstance(thing, Enum):
        return thing.value
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: getattr(thing, field.name) for field in fields_of(thing)}
    raise TypeError(type(thing).__name__)


class _TooDeep:
    """Stands for a container below the deepest level."""


def nesting_is_limited(patching: Patching) -> None:
    def dumps(original: Any, data: Any, **options: Any) -> str:
        encoder = options.pop("default", None)

        def default(thing: Any) -> Any:
            if isinstance(thing, _TooDeep):
                raise ValueError("nested too deep")  # noqa: TRY004
            if encoder is None:
                raise TypeError(type(thing).__name__)
            return encoder(thing)

        return str(original(_cut(data, 0), default=default, **options))

    patching.wrap_dumps(dumps)


def _cut(data: Any, level: int) -> Any:
    """Copy data down to the deepest level. Envelopes, and the array of contexts, are none."""
    if not isinstance(data, dict | list | tuple):
        return data
    is_contexts = isinstance(data, list) and all(map(_is_self_describing, data))
    is_outside = level == 0 and (is_contexts or _is_self_describing(data))
    below = level if is_outside else level + 1
    if below > _MOST_LEVELS:
        return _TooDeep()
    if isinstance(data, dict):
        return {key: _cut(value, below) for key, value in data.items()}
    return [_cut(item, below) for item in data]


def _is_self_describing(data: Any) -> bool:
    return isinstance(data, dict) and data.keys() == {"schema", "data"}


def tracking_changes_no_event(patching: Patching) -> None:
    payload_class = patching.module("payload").Payload

    def build(method: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        twin = copy.copy(event)
        twin.payload = payload_class(event.payload.nv_pairs)
        return method(twin, *args, **kwargs)

    for name in ("Event", "SelfDescribing"):
        patching.wrap(getattr(patching.module("events"), name), "build_payload", build)


def contexts_are_read_first(patching: Patching) -> None:
    def build(method: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        len(event.context)
        return method(event, *args, **kwargs)

    def track(
        method: Any, tracker: Any, event_json: Any, context: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        len(context or ())
        return method(tracker, event_json, context, *args, **kwargs)

    if patching.is_0x:
        for name in ("track_unstruct_event", "track_self_describing_event"):
            patching.wrap(patching.tracker, name, track)
    else:
        patching.wrap(patching.module("events").SelfDescribing, "build_payload", build)


def emitters_share_no_dict(patching: Patching) -> None:
    def take(method: Any, emitter: Any, payload: Any) -> None:
        method(emitter, dict(payload))

    patching.wrap(patching.module("emitters").Emitter, "input", take)


def unset_parameter_reads_none(patching: Patching) -> None:
    def read(key: str, of: str) -> Any:
        def get(event: Any) -> Any:
            values = event.screen_view_properties if of == "ScreenView" else event.payload.nv_pairs
            return values.get(key)

        return get

    events = patching.module("events")
    keys = {"id_": "id", "name": "name", "type": "type", "previous_name": "previousName"}
    keys |= {"previous_id": "previousId", "previous_type": "previousType"}
    parameters = [("ScreenView", *item) for item in keys.items()]
    parameters += [("ScreenView", "transition_type", "transitionType")]
    parameters += [(name, "page_url", "url") for name in ("PageView", "PagePing")]
    for class_name, parameter, key in parameters:
        owner = getattr(events, class_name)
        patching.put(
            owner, parameter, property(read(key, class_name), getattr(owner, parameter).fset)
        )


def long_get_goes_as_post(patching: Patching) -> None:
    emitters = patching.module("emitters")

    def http_get(method: Any, emitter: Any, payload: Any) -> Any:
        if len(urlencode(payload)) < _LONGEST_QUERY:
            return method(emitter, payload)
        endpoint = emitter.endpoint
        emitter.endpoint = endpoint.removesuffix("i") + "com.snowplowanalytics.snowplow/tp2"
        event = {name: str(value) for name, value in payload.items()}
        body = emitters.SelfDescribingJson(emitters.PAYLOAD_DATA_SCHEMA, [event]).to_string()
        try:
            return emitter.http_post(body)
        finally:
            emitter.endpoint = endpoint

    patching.wrap(emitters.Emitter, "http_get", http_get)
