"""The intended differences. The comparison ignores these and nothing else.

Each is stated as a patch to the original package: with the patches in place, the original does
in every program what this package does. A difference comes with the smallest program that shows
it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.differential import patches_of_calls as calls
from qa.differential import patches_of_values as values
from qa.differential.patching import Patching
from qa.differential.programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

__all__ = ["DIFFERENCES", "NEWEST", "OLDEST", "Difference", "in_place", "names"]

NEWEST, OLDEST = "1.1.0", "0.10.0"
_EMITTER = "emitter = Emitter(HOST, protocol='http', port=PORT, method='{method}')"
_SCHEMA = "'iglu:com.acme/thing/jsonschema/1-0-0'"


@dataclass(frozen=True)
class Difference:
    """One difference from the originals.

    Attributes:
        name: What this package does, in short.
        reason: What the originals do instead, and why this is better.
        patch: Makes the original do the same.
        example: A program that tells them apart.
        versions: The originals that it is a difference from.
    """

    name: str
    reason: str
    patch: Callable[[Patching], None]
    example: Program
    versions: tuple[str, ...] = (NEWEST, OLDEST)


def names(version: str) -> list[str]:
    """Return the names of the differences from one original."""
    return [difference.name for difference in DIFFERENCES if version in difference.versions]


@contextmanager
def in_place(differences: Collection[str]) -> Iterator[None]:
    """Run with the patches of these differences."""
    with Patching() as patching:
        for difference in DIFFERENCES:
            if difference.name in differences:
                difference.patch(patching)
        yield


def _program(*steps: str, method: str = "post", tracker: str = "") -> Program:
    """A program in words that both versions know."""
    start = (
        _EMITTER.format(method=method),
        f"tracker = Tracker(namespace='ns', emitters=emitter{tracker})",
    )
    return Program((*start, *steps, "tracker.flush()"))


def _data(data: str, tracker: str = "") -> Program:
    event = f"tracker.track_self_describing_event(SelfDescribingJson({_SCHEMA}, {data}))"
    return _program(event, tracker=tracker)


DIFFERENCES = [
    Difference(
        "nan-becomes-null",
        "NaN and infinity are not JSON, and the pipeline drops an event that contains them.",
        values.nan_becomes_null,
        _data("{'x': float('nan')}"),
    ),
    Difference(
        "nan-field-is-left-out",
        "A plain field with NaN or infinity fails validation; as a true timestamp it raised.",
        values.nan_field_is_left_out,
        _program("tracker.track_struct_event('a', 'b', value=float('inf'))"),
    ),
    Difference(
        "lone-surrogate-becomes-u-fffd",
        "A lone surrogate is not valid Unicode. It raised UnicodeEncodeError, or was sent as it "
        "was.",
        values.lone_surrogate_is_replaced,
        _data("{'x': '\\ud800'}"),
    ),
    Difference(
        "blank-field-is-left-out",
        "In the dict of an Event, None was sent as the text None, and the empty text as nothing.",
        values.blank_field_is_left_out,
        _program("tracker.track(Event({'e': 'pv', 'url': None, 'page': ''}))"),
        (NEWEST,),
    ),
    Difference(
        "blank-field-of-a-payload-is-left-out",
        "In a Payload passed to track, None was sent as the text None, and the empty text as "
        "nothing.",
        values.blank_field_of_a_payload_is_left_out,
        _program("tracker.track(Payload({'e': 'pv', 'url': None, 'page': ''}))"),
        (OLDEST,),
    ),
    Difference(
        "str-subclass-is-text",
        "Safe strings of template libraries and str Enums were rejected, or sent as their str().",
        values.text_of_a_str_subclass_counts,
        _program("tracker.track_page_view(Title('https://a.b'), page_title=Colour.RED)"),
    ),
    Difference(
        "keys-are-written-as-values",
        "A key that is a date, UUID, decimal or enum member raised TypeError.",
        values.keys_are_written_as_values,
        _data("{'x': {Mood.GOOD: 1, date(2024, 2, 29): 2}}"),
    ),
    Difference(
        "nesting-ends-at-255-levels",
        "Enrichment rejects deeply nested data or crashes. This package raises ValueError.",
        values.nesting_is_limited,
        _data("nested(400)"),
    ),
    Difference(
        "well-known-objects-are-encoded",
        "Without a json_encoder, dates, UUIDs, decimals, enums, dataclasses and sets raised "
        "TypeError.",
        values.well_known_objects_are_encoded,
        _data("{'x': [date(2024, 2, 29), Decimal('1.5'), Mood.GOOD, Place('a', 1), {1}]}"),
    ),
    Difference(
        "encoder-is-asked-first",
        "A json_encoder that raises TypeError had to encode dates, UUIDs and the like itself.",
        values.encoder_is_asked_first,
        _data("[date(2024, 2, 29), Opaque(1)]", tracker=", json_encoder=encode_opaque"),
    ),
    Difference(
        "enum-field-is-its-value",
        "A plain field with an enum member was sent as the member's name.",
        values.enum_field_is_its_value,
        _program("tracker.track_struct_event('a', 'b', label=Mood.GOOD)"),
    ),
    Difference(
        "tracking-changes-no-event",
        "An event that was tracked twice sent fields of the first call again.",
        values.tracking_changes_no_event,
        _program(
            "event = PageView('https://a.b')",
            "tracker.set_subject(Subject().set_user_id('first'))",
            "tracker.track(event)",
            "tracker.set_subject(Subject())",
            "tracker.track(event)",
        ),
        (NEWEST,),
    ),
    Difference(
        "contexts-are-read-first",
        "Contexts were read after the encoder had run, and checked after the event. This "
        "package takes one snapshot of both.",
        values.contexts_are_read_first,
        _program(
            f"json = SelfDescribingJson({_SCHEMA}, nested(400))",
            "tracker.track_self_describing_event(json, context=5)",
        ),
    ),
    Difference(
        "emitters-share-no-dict",
        "All emitters received the same dict, and saw the stm of the others.",
        values.emitters_share_no_dict,
        _program(
            "tracker.add_emitter(inbox)", "tracker.track_page_view('https://a.b')", method="get"
        ),
    ),
    Difference(
        "unset-parameter-reads-none",
        "Reading an optional parameter of a screen view that was not set raised KeyError.",
        values.unset_parameter_reads_none,
        _program("ScreenView('id', 'name').transition_type"),
        (NEWEST,),
    ),
    Difference(
        "long-get-goes-as-post",
        "Collectors reject a request line of more than 20,480 bytes, so such an event is sent "
        "by POST.",
        values.long_get_goes_as_post,
        _program("tracker.track_page_view('https://a.b/' + 'x' * 30_000)", method="get"),
    ),
    Difference(
        "checks-raise-value-error",
        "Values that cannot be checked at all, such as a number for a list, raised TypeError.",
        calls.checks_raise_value_error,
        _program("tracker.track_site_search(None)", "Subject().set_viewport('wide', 1)"),
    ),
    Difference(
        "event-json-is-checked",
        "None as the JSON of a self-describing event was accepted, and raised when it was tracked.",
        calls.event_json_is_checked,
        _program("tracker.track_self_describing_event(None)"),
    ),
    Difference(
        "contexts-may-be-set-to-none",
        "The constructor of an event accepted None as contexts, but the property did not.",
        calls.contexts_may_be_set_to_none,
        _program("event = PageView('https://a.b')", "event.context = None", "tracker.track(event)"),
        (NEWEST,),
    ),
    Difference(
        "disabled-contracts-check-nothing",
        "With contracts disabled, empty required texts were still rejected.",
        calls.disabled_contracts_check_nothing,
        _program("disable_contracts()", "tracker.track_struct_event('', 'b')"),
    ),
    Difference(
        "form-element-type-in-any-case",
        "The type of a form element had to be in lower case; that of a changed field did not.",
        calls.form_element_type_in_any_case,
        _program(
            "tracker.track_form_submit('form', elements=[{'name': 'a', 'value': 'b',"
            " 'nodeName': 'INPUT', 'type': 'EMAIL'}])"
        ),
    ),
    Difference(
        "headset-is-a-platform",
        "Later versions of the protocol have this platform.",
        calls.headset_is_a_platform,
        _program("tracker.subject.set_platform('headset')", "tracker.track_page_view('https://a')"),
    ),
    Difference(
        "emitters-may-be-a-tuple",
        "A tuple of emitters was treated as one emitter, and the first event raised.",
        calls.emitters_may_be_a_tuple,
        _program(
            "tracker = Tracker(namespace='ns', emitters=(emitter,))",
            "tracker.track_page_view('https://a')",
        ),
    ),
    Difference(
        "order-items-are-checked-first",
        "An item without a required key raised after its order had been tracked.",
        calls.order_items_are_checked_first,
        _program("tracker.track_ecommerce_transaction('o', 1, items=[{'sku': 's'}])"),
    ),
    Difference(
        "order-items-keep-their-own",
        "If the order had no currency, contexts or subject, those of its items were lost.",
        calls.order_items_keep_their_own,
        _program(
            "tracker.track_ecommerce_transaction('o', 1, items="
            "[{'sku': 's', 'price': 1, 'quantity': 1, 'currency': 'EUR'}])"
        ),
    ),
    Difference(
        "orders-and-items-share-their-time",
        "If the order had no true timestamp, its items had the time of the call as theirs.",
        calls.orders_and_items_share_their_time,
        _program(
            "tracker.track_ecommerce_transaction('o', 1, items="
            "[{'sku': 's', 'price': 1, 'quantity': 1}])"
        ),
    ),
    Difference(
        "order-items-get-its-contexts",
        "0.10.0 did not attach an order's contexts to its items; 1.1.0 does.",
        calls.order_items_get_its_contexts,
        _program(
            f"contexts = [SelfDescribingJson({_SCHEMA}, {{}})]",
            "tracker.track_ecommerce_transaction('o', 1, context=contexts, items="
            "[{'sku': 's', 'price': 1, 'quantity': 1}])",
        ),
        (OLDEST,),
    ),
    Difference(
        "orders-change-no-item",
        "The values of the order were written into the dicts that the caller passed.",
        calls.orders_change_no_item,
        _program(
            "items = [{'sku': 's', 'price': 1, 'quantity': 1}]",
            "tracker.track_ecommerce_transaction('o', 1, items=items)",
            "items",
        ),
    ),
    Difference(
        "one-deprecation-warning-a-call",
        "Deprecated methods that call one another warned twice in 1.1.0, and never in 0.x.",
        calls.one_deprecation_warning_a_call,
        _program("tracker.track_link_click('https://a.b')"),
    ),
    Difference(
        "event-subject-is-combined",
        "0.10.0 replaced the tracker's subject with the event's; 1.1.0 combines them.",
        calls.event_subject_is_combined,
        _program(
            "tracker.subject.set_lang('en')",
            "tracker.track_page_view('https://a.b', event_subject=Subject())",
        ),
        (OLDEST,),
    ),
    Difference(
        "subject-may-be-none",
        "0.10.0 raised AttributeError without a subject; 1.1.0 tracks.",
        calls.subject_may_be_none,
        _program("tracker.set_subject(None)", "tracker.track_page_view('https://a.b')"),
        (OLDEST,),
    ),
    Difference(
        "text-is-no-timestamp",
        "0.10.0 took a text as true timestamp to mean now; 1.1.0 ignores it.",
        calls.text_is_no_timestamp,
        _program("tracker.track_page_view('https://a.b', tstamp='yesterday')"),
        (OLDEST,),
    ),
    Difference(
        "datetime-is-a-true-timestamp",
        "A datetime as true timestamp was ignored, or meant now. One without a time zone raises "
        "ValueError.",
        values.datetime_is_a_true_timestamp,
        _program(
            "tracker.track_page_view('https://a', tstamp=datetime(2024, 1, 1, tzinfo=timezone.utc))"
        ),
    ),
    Difference(
        "empty-contexts-are-left-out",
        "0.10.0 sent an empty list of contexts; 1.1.0 omits it.",
        calls.empty_contexts_are_left_out,
        _program("tracker.track_page_view('https://a.b', context=[])"),
        (OLDEST,),
    ),
    Difference(
        "tracker-facts-win",
        "0.10.0 let a subject's fields replace the tracker's fields of the same name.",
        calls.tracker_facts_win,
        _program(
            "tracker.subject.standard_nv_pairs['tna'] = 'mine'",
            "tracker.track_page_view('https://a.b')",
        ),
        (OLDEST,),
    ),
    Difference(
        "schema-is-checked",
        "0.10.0 accepted any schema; 1.1.0 raises ValueError for an empty one.",
        calls.schema_is_checked,
        _program("SelfDescribingJson('', {})"),
        (OLDEST,),
    ),
    Difference(
        "trailing-slash-is-cut",
        "0.10.0 appended the path after a second slash; 1.1.0 does not.",
        calls.trailing_slash_is_cut,
        _program("emitter.as_collector_uri('host/', 'http', None, 'get')"),
        (OLDEST,),
    ),
]
