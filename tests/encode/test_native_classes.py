"""Native events as Python objects: construction, copies, pickles, `repr` and checks."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import (
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
)

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
COMMON = ["event_subject", "context", "true_timestamp"]
PARAMETERS: dict[Any, tuple[int, list[str]]] = {
    Event: (0, ["dict_", *COMMON]),
    PageView: (1, ["page_url", "page_title", "referrer", *COMMON]),
    PagePing: (
        1,
        ["page_url", "page_title", "referrer", "min_x", "max_x", "min_y", "max_y", *COMMON],
    ),
    StructuredEvent: (2, ["category", "action", "label", "property_", "value", *COMMON]),
    SelfDescribing: (1, ["event_json", *COMMON]),
    ScreenView: (
        2,
        [
            *("id_", "name", "type", "previous_name", "previous_id", "previous_type"),
            *("transition_type", *COMMON),
        ],
    ),
    SelfDescribingJson: (2, ["schema", "data"]),
}
KINDS = list(PARAMETERS)
EVENTS = [kind for kind in KINDS if kind is not SelfDescribingJson]


class Page(PageView):
    """A subclass with a constructor and attributes of its own."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"https://a.b/{number}")


class Described(SelfDescribingJson):
    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(SCHEMA, {"number": number})


class Slotted(SelfDescribingJson):
    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        super().__init__(SCHEMA, {})
        self.number = number


class Stateful(PageView):
    """Says itself what of it is to be kept."""

    def __getstate__(self) -> Any:
        return {"kept": self.page_url}

    def __setstate__(self, state: Any) -> None:
        self.__init__(state["kept"])  # type: ignore[misc]


def value_for(name: str) -> Any:
    values = {"context": [SelfDescribingJson(SCHEMA, {})], "event_subject": Subject()}
    values |= {"dict_": {"e": "pv"}, "event_json": SelfDescribingJson(SCHEMA, [1])}
    values |= {"data": {"k": [1]}, "schema": SCHEMA, "true_timestamp": 5}
    return values.get(name, name)


def made(kind: Any) -> Any:
    return kind(**{name: value_for(name) for name in PARAMETERS[kind][1]})


@pytest.mark.parametrize("kind", KINDS)
class TestConstructors:
    def test_show_their_parameters(self, kind):
        required, names = PARAMETERS[kind]
        parameters = inspect.signature(kind).parameters
        by_keyword = [] if kind is SelfDescribingJson else ["event_id"]
        assert list(parameters) == [*names, *by_keyword]
        assert [p.default for p in parameters.values()].count(inspect.Parameter.empty) == required

    def test_take_all_by_position_as_by_name(self, kind):
        values = {name: value_for(name) for name in PARAMETERS[kind][1]}
        by_name, by_position = kind(**values), kind(*values.values())
        for name in values.keys() - {"dict_"}:
            assert getattr(by_name, name) is getattr(by_position, name) is values[name]

    def test_refuse_what_they_do_not_know(self, kind):
        names = PARAMETERS[kind][1]
        for arguments in ((), (*map(value_for, names), 1)):
            if arguments or PARAMETERS[kind][0]:
                with pytest.raises(TypeError, match="argument"):
                    kind(*arguments)
        with pytest.raises(TypeError, match="unknown"):
            kind(**{name: value_for(name) for name in names}, unknown=1)

    def test_leave_the_optional_ones_unset(self, kind):
        required, names = PARAMETERS[kind]
        thing = kind(*map(value_for, names[:required]))
        unset = [name for name in names[required:] if name != "dict_"]
        assert all(getattr(thing, name) in (None, []) for name in unset)

    def test_can_be_mocked_by_their_parameters(self, kind):
        double = mock.create_autospec(kind, instance=True)
        assert isinstance(double, kind)
        with pytest.raises(AttributeError):
            _ = double.no_such_attribute

    def test_are_checked_by_their_double(self, kind):
        required, names = PARAMETERS[kind]
        with pytest.raises(TypeError, match="unknown"):
            mock.create_autospec(kind)(*names[:required], unknown=1)


DUPLICATES = [copy.copy, copy.deepcopy] + [
    lambda thing, protocol=protocol: pickle.loads(pickle.dumps(thing, protocol))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


@pytest.mark.parametrize("duplicate", DUPLICATES)
class TestDuplicates:
    @pytest.mark.parametrize("kind", KINDS)
    def test_hold_the_same(self, duplicate, kind):
        thing = made(kind)
        thing.extra = ["attribute"]
        twin = duplicate(thing)
        assert type(twin) is kind
        assert twin is not thing
        assert (vars(twin), twin.extra) == (vars(thing), ["attribute"])
        simple = set(PARAMETERS[kind][1]) - {"dict_", "event_json", "event_subject", "context"}
        assert all(getattr(twin, name) == getattr(thing, name) for name in simple)

    @pytest.mark.parametrize("kind", EVENTS)
    def test_track_the_same(self, duplicate, kind, record):
        event = made(kind)
        event.payload.add("custom", 1)
        first, second = record(event), record(duplicate(event))
        assert {**first, "eid": 0, "dtm": 0} == {**second, "eid": 0, "dtm": 0}

    @pytest.mark.parametrize("make", [Page, Described, Slotted])
    def test_keep_a_subclasss_attributes(self, duplicate, make):
        twin = duplicate(make(7))
        assert (type(twin), twin.number) == (make, 7)

    def test_leave_state_to_the_class_that_sets_it(self, duplicate):
        assert duplicate(Stateful("https://a.b")).page_url == "https://a.b"

    def test_of_what_was_never_constructed_stay_so(self, duplicate, tracker):
        with pytest.raises(RuntimeError, match="was not constructed"):
            tracker.track(duplicate(PageView.__new__(PageView)))


def test_a_deep_copy_shares_nothing():
    event = made(SelfDescribing)
    twin = copy.deepcopy(event)
    twin.event_json.data.append(2)
    twin.context.clear()
    twin.event_subject.set_user_id("twin")
    assert (event.event_json.data, len(event.context)) == ([1], 1)
    assert "uid" not in event.event_subject.standard_nv_pairs


def test_a_copy_is_changed_alone():
    event = PageView("early")
    _ = event.page_url
    twin = copy.copy(event)
    twin.page_url = "late"
    assert (event.page_url, twin.page_url) == ("early", "late")


def test_a_deep_copy_of_a_cycle_is_a_cycle():
    thing = SelfDescribingJson(SCHEMA, {})
    thing.data["self"] = thing
    twin = copy.deepcopy(thing)
    assert twin.data["self"] is twin


@pytest.mark.parametrize("kind", KINDS)
def test_is_compared_and_hashed_by_identity(kind):
    thing, other = made(kind), made(kind)
    assert thing == thing  # noqa: PLR0124
    assert thing != other
    assert len({thing, other, thing}) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_repr_shows_what_it_is(kind):
    thing = made(kind)
    text = repr(thing)
    assert text.startswith(f"{kind.__name__}(")
    assert all(repr(value_for(n)) in text for n in PARAMETERS[kind][1][: PARAMETERS[kind][0]][:1])


def test_repr_of_a_cycle_ends():
    thing = SelfDescribingJson(SCHEMA, {})
    thing.data["self"] = thing
    assert repr(thing).startswith(f"SelfDescribingJson(schema='{SCHEMA}'")


@pytest.mark.parametrize("make", [Page, Described])
def test_repr_names_the_subclass(make):
    assert repr(make(7)).startswith(f"{make.__name__}(")


class TestProperties:
    @pytest.mark.parametrize("kind", [PageView, PagePing, StructuredEvent, ScreenView])
    def test_can_be_set_and_read(self, kind, record):
        required, names = PARAMETERS[kind]
        event = kind(*["early"] * required)
        for name in names:
            setattr(event, name, value_for(name) if name in COMMON else f"late {name}")
        assert all(getattr(event, name) == f"late {name}" for name in names if name not in COMMON)
        assert "early" not in record(event, encode_base64=False).values()

    @pytest.mark.parametrize("nothing", [None, ""])
    def test_none_leaves_an_earlier_value(self, nothing):
        event = PageView("u", "title")
        event.page_title = nothing
        assert event.page_title == "title"

    def test_common_ones_can_be_cleared(self, record):
        event = made(PageView)
        event.context = event.event_subject = event.true_timestamp = None
        assert not {"cx", "ttm"} & record(event).keys()

    def test_the_callers_own_list_of_contexts_is_kept(self, fields):
        context: list[Any] = []
        event = PageView("u", context=context)
        context.append(SelfDescribingJson(SCHEMA, {}))
        assert event.context is context
        assert len(fields(event)["contexts"]) == 1


REQUIRED = [
    (kind, name)
    for kind in KINDS
    for name in PARAMETERS[kind][1][: PARAMETERS[kind][0]]
    if name not in {"event_json", "data"}
]


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
@pytest.mark.parametrize("bad", [None, "", b"text", 5, ["text"]])
class TestRequiredText:
    def test_is_refused_by_name_when_constructing(self, kind, name, bad):
        required, names = PARAMETERS[kind]
        values = {parameter: value_for(parameter) for parameter in names[:required]}
        with pytest.raises(ValueError, match=rf"^{name} is empty\.$"):
            kind(**(values | {name: bad}))

    def test_is_refused_by_name_when_set_and_stays(self, kind, name, bad):
        thing = made(kind)
        with pytest.raises(ValueError, match=rf"^{name} is empty\.$"):
            setattr(thing, name, bad)
        assert getattr(thing, name) == value_for(name)


@pytest.mark.parametrize("bad", [None, ""])
def test_a_required_event_json_is_refused_by_name(bad):
    with pytest.raises(ValueError, match=r"^event_json is empty\.$"):
        SelfDescribing(bad)
    event = made(SelfDescribing)
    with pytest.raises(ValueError, match=r"^event_json is empty\.$"):
        event.event_json = bad


@pytest.mark.parametrize("data", [None, {}, [], ()])
def test_data_may_be_empty(fields, data):
    sent = fields(SelfDescribing(SelfDescribingJson(SCHEMA, data)))
    assert sent["data"]["data"] == (list(data) if isinstance(data, tuple) else data)


def test_to_json_and_to_string_show_schema_and_data():
    data = {"k": ["é"]}
    thing = SelfDescribingJson(SCHEMA, data)
    assert list(thing.to_json().items()) == [("schema", SCHEMA), ("data", data)]
    assert thing.to_json()["data"] is data
    assert thing.to_string() == f'{{"schema":"{SCHEMA}","data":{{"k":["é"]}}}}'
