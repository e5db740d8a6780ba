"""Generates programs: a tracker of version 0.x or 1.x, and what is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from qa.differential import call_strategies as calls
from qa.differential import value_strategies as values
from qa.differential.programs import Program
from qa.differential.value_strategies import chosen, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[Any], Any]

__all__ = ["programs"]

Source = st.SearchStrategy[str]

_ENCODERS = ["encode_opaque", "encode_as_text", "encode_in_steps", "encode_as_none", "refuse"]
_ENCODERS += ["encode_as_nan", "JSONEncoder.default"]
_ANSWERS = [200, 200, 200, 201, 204, 400, 403, 410]
_FIELDS = ["uid", "lang", "p", "tna", "ua", "custom", "vid", "url"]


@st.composite
def _emitters(draw: Draw, is_0x: bool) -> str:
    name = draw(chosen(st.just("Emitter"), st.just("AsyncEmitter"), 10))
    # An AsyncEmitter's worker may take two batches for one: there, only a flush sends.
    size = draw(st.sampled_from([None, 1, 2, 3, 10])) if name == "Emitter" else 1000
    given = {
        "protocol": "'http'",
        "port": "PORT",
        "method": draw(st.sampled_from(["'post'", "'get'"])),
    }
    if size is not None:
        given["buffer_size" if is_0x else "batch_size"] = repr(size)
    if draw(st.booleans()):
        given |= {"on_success": "on_success", "on_failure": "on_failure"}
    if draw(st.integers(1, 6)) == 3:
        given["byte_limit"] = draw(
            st.sampled_from(["1", "10**9"] if name == "Emitter" else ["10**9"])
        )
    return f"emitter = {name}(HOST, {_keywords(given)})"


def _keywords(given: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in given.items())


@st.composite
def _trackers(draw: Draw, is_0x: bool) -> str:
    order = ["emitters", "subject", "namespace"] if is_0x else ["namespace", "emitters", "subject"]
    order += ["app_id", "encode_base64", "json_encoder"]
    emitters = [
        "emitter",
        "[emitter]",
        "inbox",
        "[emitter, inbox]",
        "[inbox, emitter]",
        "(emitter,)",
    ]
    given = {
        "emitters": draw(st.sampled_from([*emitters[:1] * 6, *emitters])),
        "namespace": draw(chosen(st.just("'ns'"), plain, 6)),
        "subject": draw(st.sampled_from(["subject", "subject", "None"])),
        "app_id": draw(st.one_of(st.just("None"), values.texts)),
        "encode_base64": draw(st.sampled_from(["True", "False"])),
        "json_encoder": draw(st.sampled_from(["None", "None", *_ENCODERS])),
    }
    # A namespace that is no text says nothing of the version.
    by_position = 0 if given["namespace"][0] not in "'\"" else draw(st.integers(0, len(order)))
    positional = [given[name] for name in order[:by_position]]
    named = [f"{name}={given[name]}" for name in order[by_position:]]
    return f"tracker = Tracker({', '.join(positional + named)})"


@st.composite
def _by_snowplow(draw: Draw) -> str:
    given = {
        "method": draw(st.sampled_from(["'post'", "'get'"])),
        "app_id": draw(values.texts),
        "subject": draw(calls.subjects(is_0x=False)),
        "tracker_config": f"TrackerConfiguration({draw(st.booleans())}, encode_opaque)",
        "emitter_config": f"EmitterConfiguration(batch_size={draw(st.integers(1, 4))}, "
        "on_success=on_success)",
    }
    return (
        f"tracker = Snowplow.create_tracker('ns', f'http://{{HOST}}:{{PORT}}/', {_keywords(given)})"
    )


def _edits(is_0x: bool) -> Source:
    """Changes of what is public, between events."""
    subjects = chosen(calls.subjects(is_0x), st.just("None"), 6)
    fields = st.sampled_from(_FIELDS)
    return st.one_of(
        subjects.map("tracker.set_subject({})".format),
        subjects.map("tracker.subject = {}".format),
        calls.setters(is_0x).map("tracker.subject{}".format),
        st.tuples(fields, plain).map(
            lambda pair: f"tracker.subject.standard_nv_pairs[{pair[0]!r}] = {pair[1]}"
        ),
        st.tuples(st.sampled_from(["aid", "tna", "more"]), plain).map(
            lambda pair: f"tracker.standard_nv_pairs[{pair[0]!r}] = {pair[1]}"
        ),
        st.sampled_from(["True", "False", "0"]).map("tracker.encode_base64 = {}".format),
        st.sampled_from(["None", *_ENCODERS]).map("tracker.json_encoder = {}".format),
        st.sampled_from(
            [
                "tracker.add_emitter(inbox)",
                "tracker.emitters.append(inbox)",
                "tracker.emitters.pop().sync_flush()",
                "tracker.emitters.append(emitter)",
                "disable_contracts()",
                "enable_contracts()",
                _small_batches(is_0x),
            ]
        ),
    )


def _small_batches(is_0x: bool) -> str:
    return f"emitter.{'buffer' if is_0x else 'batch'}_size = 2"


_reads = st.sampled_from(
    [
        "tracker.standard_nv_pairs",
        "tracker.subject.standard_nv_pairs",
        "tracker.encode_base64",
        "emitter.method",
        "emitter.byte_limit",
        "len(tracker.emitters)",
        "tracker.get_timestamp(1.9)",
        "tracker.get_uuid()",
    ]
)
_payload_steps = st.one_of(
    st.tuples(values.texts, plain).map(lambda pair: f"payload.add({pair[0]}, {pair[1]})"),
    plain.map("payload.add_dict({{'a': {}, 'b': ''}})".format),
    st.tuples(values.datas, st.booleans()).map(
        lambda pair: f"payload.add_json({pair[0]}, {pair[1]}, 'cx', 'co')"
    ),
)


@st.composite
def _payloads(draw: Draw) -> list[str]:
    start = draw(st.sampled_from(["Payload()", "Payload({'e': 'pv', 'url': None})"]))
    steps = draw(st.lists(_payload_steps, max_size=3))
    return [f"payload = {start}", *steps, "payload.get()"]


@st.composite
def _sent_payloads(draw: Draw) -> list[str]:
    """A payload of version 0.x, completed by the tracker or sent as it is."""
    made = [f"payload = Payload({{'e': 'pv', 'url': {draw(calls.words)}}})"]
    made += [f"payload.add('more', {draw(st.one_of(calls.words, values.numbers))})"]
    who = f"{draw(values.timestamps)}, {draw(calls.subjects(is_0x=True))}"
    rest = f"{draw(calls.contexts)}, {who}"
    send = st.sampled_from(["track(payload)", f"complete_payload(payload, {rest})"])
    return [*made, f"tracker.{draw(send)}"]


@st.composite
def _live_data(draw: Draw) -> list[str]:
    """Data that is changed after the event was made, and looked at after it was tracked."""
    data, changed = draw(values.datas), draw(values.datas)
    track = draw(
        st.sampled_from(["track_self_describing_event(json)", "track_unstruct_event(json)"])
    )
    cycle = draw(st.integers(1, 12)) == 6
    return [
        f"data = {{'a': {data}}}",
        "json = SelfDescribingJson('iglu:com.acme/thing/jsonschema/1-0-0', data)",
        f"data['b'] = {'data' if cycle else changed}",
        f"tracker.{track}",
        "json.to_string()",
        "data['b'] = None",
        "data",
    ]


@st.composite
def _kept_events(draw: Draw) -> list[str]:
    """An event that is changed, read, and tracked more than once."""
    event = draw(calls.events())
    name = event.partition("(")[0]
    steps = [f"event = {event}", "tracker.track(event)"]
    parameters = calls.parameters_of(name)
    for parameter in draw(st.lists(st.sampled_from(sorted(parameters)), max_size=3)):
        steps += [
            f"event.{parameter} = {draw(parameters[parameter])}",
            f"event.{parameter}",
            "tracker.track(event)",
        ]
    if name not in ("ScreenView", "SelfDescribing"):
        steps += [f"event.payload.add('custom', {draw(plain)})", "tracker.track(event)"]
    return steps


_orders = st.one_of(values.numbers, st.just("'o'")).map(
    "tracker.track_ecommerce_transaction('o', {}, items=items)".format
)


@st.composite
def _kept_items(draw: Draw) -> list[str]:
    return [f"items = {draw(calls.items)}", draw(_orders), "items"]


def _blocks(is_0x: bool) -> st.SearchStrategy[list[str]]:
    """A few statements that belong together."""
    old = calls.old_calls(is_0x).map("tracker.{}".format)
    new = calls.events().map("tracker.track({})".format)
    single = [old] if is_0x else [old, new, new]
    seldom: list[Source] = [_edits(is_0x), _edits(is_0x), _reads]
    seldom += [st.sampled_from(["tracker.flush()", "tracker.flush(is_async=True)"])]
    if not is_0x:
        seldom.append(st.just("tracker.get_namespace()"))
    several = [_live_data(), _payloads(), _kept_items()]
    several += [_sent_payloads()] if is_0x else [_kept_events(), _kept_events()]
    often, less = st.one_of(single), st.one_of(seldom)
    ones = chosen(often, less, 3).map(lambda step: [step])
    return st.integers(1, 12).flatmap(lambda drawn: st.one_of(several) if drawn == 6 else ones)


@st.composite
def programs(draw: Draw, *, is_0x: bool) -> Program:
    """A program of one version."""
    if not is_0x and draw(st.integers(1, 12)) == 6:
        start = [draw(_by_snowplow())]
    else:
        setters = draw(st.lists(calls.setters(is_0x), max_size=3))
        subject = ["subject = Subject()", *(f"subject{setter}" for setter in setters)]
        start = [draw(_emitters(is_0x)), *subject, draw(_trackers(is_0x))]
    middle = [
        step for block in draw(st.lists(_blocks(is_0x), min_size=2, max_size=12)) for step in block
    ]
    if "AsyncEmitter" in start[0]:
        # A flush after each statement tells apart the requests of each. Nothing else may send.
        small = _small_batches(is_0x)
        middle = [f"{step}\ntracker.flush()" for step in middle if step != small]
    answers = draw(st.one_of(st.just([]), st.lists(st.sampled_from(_ANSWERS), max_size=6)))
    return Program((*start, *middle, "tracker.flush()"), tuple(answers))
