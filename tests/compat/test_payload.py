"""`Payload`: which values it accepts, and how it writes JSON."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker.payload import Payload

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text))


def test_starts_empty():
    assert Payload().nv_pairs == {}


def test_copies_a_dict_as_given():
    source = {"a": None, "b": "", "c": 0}
    payload = Payload(source)
    payload.add("d", 1)
    assert source == {"a": None, "b": "", "c": 0}
    assert payload.nv_pairs == {"a": None, "b": "", "c": 0, "d": 1}


@pytest.mark.parametrize("value", [0, 0.0, False, [], {}, b"", "x", 1.5])
def test_add_keeps_what_is_neither_none_nor_empty_text(value):
    payload = Payload()
    payload.add("name", value)
    assert payload.nv_pairs["name"] is value


@pytest.mark.parametrize("value", [None, ""])
def test_add_passes_over_none_and_empty_text(value):
    payload = Payload({"name": "earlier"})
    payload.add("name", value)
    payload.add("other", value)
    assert payload.nv_pairs == {"name": "earlier"}


def test_add_takes_values_that_cannot_be_compared():
    class Column:
        def __eq__(self, other: object) -> bool:
            raise TypeError

        __hash__ = None  # type: ignore[assignment]

    payload = Payload()
    payload.add("name", Column())
    assert list(payload.nv_pairs) == ["name"]


@pytest.mark.parametrize("more", [{}, {"base64": True}])
def test_add_dict_follows_the_rules_of_add(more):
    payload = Payload({"a": 1})
    payload.add_dict({"a": None, "b": "", "c": 0, "d": "x"}, **more)
    assert payload.nv_pairs == {"a": 1, "c": 0, "d": "x"}


def test_get_is_the_live_dict():
    payload = Payload({"a": 1})
    payload.get()["b"] = 2
    assert payload.nv_pairs == {"a": 1, "b": 2}


@pytest.mark.parametrize("nothing", [None, {}])
def test_add_json_passes_over_nothing(nothing):
    payload = Payload()
    payload.add_json(nothing, True, "px", "pr")
    payload.add_json(nothing, False, "px", "pr")
    assert payload.nv_pairs == {}


def test_add_json_writes_compact_text_under_the_second_name():
    payload = Payload()
    payload.add_json({"n": "é", "l": [1, None]}, False, "px", "pr")
    assert payload.nv_pairs == {"pr": '{"n":"é","l":[1,null]}'}


def test_add_json_writes_padded_url_safe_base64_under_the_first_name():
    payload = Payload()
    payload.add_json({"a": "???>>>~"}, True, "px", "pr")
    assert payload.nv_pairs == {"px": "eyJhIjoiPz8_Pj4-fiJ9"}
    payload.add_json({"a": 1}, True, "px", "pr")
    assert payload.nv_pairs == {"px": "eyJhIjoxfQ=="}


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, min_size=1))
def test_add_json_can_be_read_back(data):
    payload = Payload()
    payload.add_json(data, True, "px", "pr")
    payload.add_json(data, False, "px", "pr")
    assert decoded(payload.nv_pairs["px"]) == json.loads(payload.nv_pairs["pr"]) == data


@pytest.mark.parametrize("encode_base64", [True, False])
def test_add_json_asks_the_encoder(encode_base64):
    payload = Payload()
    payload.add_json({"z": 1 + 2j}, encode_base64, "px", "pr", lambda z: [z.real, z.imag])
    text = payload.nv_pairs["px"] if encode_base64 else payload.nv_pairs["pr"]
    assert (decoded(text) if encode_base64 else json.loads(text)) == {"z": [1.0, 2.0]}


def test_add_json_without_an_encoder_names_the_type_that_it_cannot_write():
    payload = Payload()
    with pytest.raises(TypeError, match="complex"):
        payload.add_json({"z": 1j}, True, "px", "pr")
    assert payload.nv_pairs == {}


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda payload: pickle.loads(pickle.dumps(payload))]
)
def test_duplicates_hold_fields_of_their_own(duplicate):
    payload = Payload({"a": 1})
    twin = duplicate(payload)
    twin.add("b", 2)
    assert (payload.nv_pairs, twin.nv_pairs) == ({"a": 1}, {"a": 1, "b": 2})


def test_repr_shows_the_fields():
    assert repr(Payload({"e": "pv"})) == "Payload({'e': 'pv'})"
