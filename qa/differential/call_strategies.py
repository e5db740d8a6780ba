"""Calls of the package as Python source: events, old methods, subjects, with all parameters."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from qa.differential import value_strategies as values
from qa.differential.value_strategies import chosen, datas, plain, texts

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "call",
    "contexts",
    "events",
    "items",
    "old_calls",
    "parameters_of",
    "setters",
    "subjects",
    "words",
]

Source = st.SearchStrategy[str]


def _source_of_list(items: list[str]) -> str:
    return "[" + ", ".join(items) + "]"


def _source_of_dict(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}"


_bad = st.sampled_from(["None", "''", "5", "b'x'", "['a']", "Title('')"])
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10).map(repr)
_required = chosen(words, chosen(st.sampled_from(["Title('a')", "Colour.RED"]), _bad, 2), 12)
_maybe_number = chosen(values.numbers, plain, 5)
_schemas = chosen(st.just("'iglu:com.acme/thing/jsonschema/1-0-0'"), _required, 10)

jsons = st.tuples(_schemas, datas).map(lambda pair: f"SelfDescribingJson({pair[0]}, {pair[1]})")
_context_lists = st.lists(jsons, max_size=3).map(_source_of_list)
contexts = chosen(
    chosen(_context_lists, _context_lists.map("tuple({})".format), 5),
    st.sampled_from(["None", "[]", "[None]", "5", "[{'schema': 'a', 'data': {}}]"]),
    12,
)
_event_json = chosen(jsons, st.sampled_from(["None", "5", "{'a': 1}"]), 40)

_sides = chosen(
    st.integers(1, 5000).map(repr), st.sampled_from(["0", "-1", "1.5", "'a'", "None"]), 12
)
_platforms = st.sampled_from(["pc", "tv", "mob", "cnsl", "iot", "web", "srv", "app", "headset"])
_SETTERS_OF_BOTH = {
    "set_platform": (chosen(_platforms.map(repr), _bad, 10),),
    "set_user_id": (plain,),
    "set_screen_resolution": (_sides, _sides),
    "set_viewport": (_sides, _sides),
    "set_color_depth": (_maybe_number,),
    "set_timezone": (plain,),
    "set_lang": (plain,),
    "set_domain_user_id": (plain,),
    "set_ip_address": (plain,),
    "set_useragent": (plain,),
    "set_network_user_id": (plain,),
}
_SETTERS_OF_1X = {
    "set_domain_session_id": (plain,),
    "set_domain_session_index": (_maybe_number,),
}


def setters(is_0x: bool) -> Source:
    """Calls of a subject's setters, each with its dot before it."""
    known = _SETTERS_OF_BOTH if is_0x else _SETTERS_OF_BOTH | _SETTERS_OF_1X
    return st.one_of([_setter(name, parameters) for name, parameters in known.items()])


def _setter(name: str, parameters: tuple[Source, ...]) -> Source:
    return st.tuples(*parameters).map(lambda given: f".{name}({', '.join(given)})")


def subjects(is_0x: bool) -> Source:
    """A subject with any of its setters called."""
    return st.lists(setters(is_0x), max_size=4).map(lambda calls: "Subject()" + "".join(calls))


_classes = chosen(st.sampled_from(["['a', 'b']", "('a',)", "[]", "None"]), plain, 8)
_nodes = chosen(st.sampled_from(["'INPUT'", "'TEXTAREA'", "'SELECT'"]), _bad, 12)
_types = chosen(st.sampled_from(["'text'", "'EMAIL'", "None", "'Radio'"]), _bad, 12)
_elements = st.lists(
    st.fixed_dictionaries(
        {"name": texts, "value": texts, "nodeName": _nodes}, optional={"type": _types}
    ).map(_source_of_dict),
    max_size=2,
).map(_source_of_list)
_terms = chosen(
    st.sampled_from(["['a', 'é']", "'text'", "('a',)"]), st.sampled_from(["[]", "None"]), 8
)
_filters = st.sampled_from(["{'a': True}", "{}", "None", "{'b': 'c', 'd': False}"])


# Parameters by name; those that may be left out end in a question mark.
_EVENT_PARAMETERS: dict[str, dict[str, Source]] = {
    "PageView": {"page_url": _required, "page_title?": plain, "referrer?": plain},
    "PagePing": {"page_url": _required, "page_title?": plain, "referrer?": plain}
    | {f"{side}?": _maybe_number for side in ("min_x", "max_x", "min_y", "max_y")},
    "StructuredEvent": {"category": _required, "action": _required}
    | {"label?": plain, "property_?": plain, "value?": _maybe_number},
    "ScreenView": {"id_": _required, "name": _required, "type?": plain}
    | {f"previous_{part}?": plain for part in ("name", "id", "type")}
    | {"transition_type?": plain},
    "SelfDescribing": {"event_json": _event_json},
    "Event": {
        "dict_?": st.dictionaries(
            st.sampled_from(["url", "se_va", "refr", "tna", "eid", "custom", "p", "uid"]),
            plain,
            max_size=4,
        ).map(lambda fields: _source_of_dict({"e": "'pv'", **fields}))
    },
}
_CART = {"sku": _required, "quantity": _maybe_number, "name?": plain, "category?": plain}
_CART |= {"unit_price?": _maybe_number, "currency?": plain}
_ITEM = {"sku": _required, "price": _maybe_number, "quantity": _maybe_number, "name?": plain}
_ITEM |= {"category?": plain, "currency?": plain}


_flawed_items = ["[{}]", "[{'sku': 's'}]", "[{'sku': 's', 'price': 1, 'quantity': 1, 'odd': 1}]"]
items = st.lists(
    st.fixed_dictionaries(
        {name: _ITEM[name] for name in ("sku", "price", "quantity")},
        optional={"name": plain, "currency": plain, "context": contexts},
    ).map(_source_of_dict),
    max_size=3,
).map(_source_of_list)

_OLD_PARAMETERS: dict[str, dict[str, Source]] = {
    "track_page_view": _EVENT_PARAMETERS["PageView"],
    "track_page_ping": _EVENT_PARAMETERS["PagePing"],
    "track_struct_event": _EVENT_PARAMETERS["StructuredEvent"],
    "track_self_describing_event": {"event_json": _event_json},
    "track_unstruct_event": {"event_json": _event_json},
    "track_screen_view": {"name?": plain, "id_?": plain},
    "track_link_click": {"target_url": _required, "element_id?": plain}
    | {"element_classes?": _classes, "element_target?": plain, "element_content?": plain},
    "track_add_to_cart": _CART,
    "track_remove_from_cart": _CART,
    "track_form_change": {"form_id": _required, "element_id": plain, "node_name": _nodes}
    | {"value": plain, "type_?": _types, "element_classes?": _classes},
    "track_form_submit": {"form_id": _required, "form_classes?": _classes, "elements?": _elements},
    "track_site_search": {"terms": _terms, "filters?": _filters}
    | {"total_results?": _maybe_number, "page_results?": _maybe_number},
    "track_ecommerce_transaction": {"order_id": _required, "total_value": _maybe_number}
    | {"affiliation?": plain, "tax_value?": _maybe_number, "shipping?": _maybe_number}
    | {f"{name}?": plain for name in ("city", "state", "country", "currency")}
    | {"items?": chosen(items, st.sampled_from(_flawed_items))},
    "track_ecommerce_transaction_item": {"order_id": _required, **_ITEM},
}
_ONLY_1X = {
    "track_mobile_screen_view": {
        "name": _required,
        "id_?": words,
        **{f"{name}?": plain for name in ("type", "previous_name", "transition_type")},
    }
}


@st.composite
def call(draw: Callable[[Any], Any], name: str, parameters: dict[str, Source]) -> str:
    """A call with any of its parameters; now and then a required one is missing, or one unknown."""
    flaw = draw(st.integers(0, 99))
    given = {
        name.rstrip("?"): draw(drawn)
        for name, drawn in parameters.items()
        if (not name.endswith("?") and flaw != 50) or (name.endswith("?") and draw(st.booleans()))
    }
    if flaw == 51:
        given["unknown"] = "1"
    names = [name.rstrip("?") for name in parameters]
    leading = list(takewhile(given.__contains__, names))
    positional = [given.pop(name) for name in leading[: draw(st.integers(0, len(leading)))]]
    return f"{name}({', '.join([*positional, *(f'{key}={given[key]}' for key in given)])})"


def _who(is_0x: bool) -> dict[str, Source]:
    return {"event_subject?": chosen(subjects(is_0x), st.just("None"), 8)}


def _of_events() -> dict[str, Source]:
    return _who(is_0x=False) | {"context?": contexts, "true_timestamp?": values.timestamps}


def events() -> Source:
    """An event of any class."""
    common = _of_events()
    return st.one_of([call(name, own | common) for name, own in _EVENT_PARAMETERS.items()])


def parameters_of(event: str) -> dict[str, Source]:
    """Return what the parameters of an event class are drawn from, by name."""
    known = _EVENT_PARAMETERS[event] | _of_events()
    return {name.rstrip("?"): drawn for name, drawn in known.items() if name != "dict_?"}


def old_calls(is_0x: bool) -> Source:
    """A call of any of the old methods, from its name on."""
    known = _OLD_PARAMETERS if is_0x else _OLD_PARAMETERS | _ONLY_1X
    common = {"context?": contexts, "tstamp?": values.timestamps} | _who(is_0x)
    return st.one_of([call(name, own | common) for name, own in known.items()])
