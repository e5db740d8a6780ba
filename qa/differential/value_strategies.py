"""Values as Python source: what JSON holds, what subclasses it, and what it cannot hold."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["chosen", "datas", "numbers", "opaques", "plain", "texts", "timestamps"]

Source = st.SearchStrategy[str]

_EDGE_TEXTS = [
    "",
    " ",
    "é",
    "😀",
    "\u2028",
    "\x00\x1f\x7f",
    '"\\/\b\f\n\r\t',
    "\ud800",
    "a\udfffb",
    "\ud83d\ude00",
    "\ufeff",
    "NaN",
    "null",
    "a b&c=d?e#f%zz|+",
    "x" * 300,
]
_EDGE_INTS = [2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**40]
_EDGE_FLOATS = ["-0.0", "5e-324", "1.7976931348623157e+308", "1e16", "1e22", "1e-7", "0.1 + 0.2"]
_NO_NUMBERS = ["float('nan')", "float('inf')", "-float('inf')"]


def chosen(often: Source, seldom: Source, one_in: int = 20) -> Source:
    """A strategy that is the second one about once in so many times."""
    # Not at either end of the range, where hypothesis draws more often.
    drawn = st.integers(0, one_in - 1)
    return drawn.flatmap(lambda number: seldom if number == one_in // 2 else often)


def _repr(value: object) -> str:
    return repr(value)


characters = st.characters(codec="utf-8")
texts = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
    st.text(characters, max_size=12),
    st.sampled_from(_EDGE_TEXTS),
).map(_repr)
ints = st.one_of(st.integers(-1000, 1000), st.integers(), st.sampled_from(_EDGE_INTS)).map(_repr)
floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(_repr), st.sampled_from(_EDGE_FLOATS)
)
_odd_floats = chosen(floats, st.sampled_from(_NO_NUMBERS), 10)
numbers = st.one_of(ints, floats)
_constants = st.sampled_from(["None", "True", "False"])
_subclasses = st.one_of(
    texts.map("Title({})".format),
    texts.map("Shout({})".format),
    ints.map("Count({})".format),
    floats.map("Ratio({})".format),
    st.sampled_from(["Level.HIGH", "Colour.RED"]),
)
scalars = st.one_of(texts, ints, _odd_floats, _constants, _subclasses)
_keys = chosen(texts, st.one_of(ints, floats, _constants, _subclasses), 4)
_bad_keys = st.sampled_from(["(1, 2)", "b'x'", "Mood.GOOD"])

known = st.sampled_from(
    [
        "datetime(2024, 2, 29, 12, 30, 15, 250, tzinfo=timezone.utc)",
        "datetime(1970, 1, 1)",
        "date(2024, 2, 29)",
        "time(23, 59, 59)",
        "UUID(int=7)",
        "Decimal('1.50')",
        "Decimal('-7')",
        "Mood.GOOD",
        "Place('Löbau', [1, None])",
    ]
)
opaques = st.one_of(
    st.sampled_from(["Opaque(None)", "Opaque([1, Opaque('x')])", "Opaque(3)", "Opaque(100)"]),
    st.sampled_from(["{1}", "b'bytes'", "complex(1, -2)", "object", "range(3)", "Opaque"]),
    st.just("SelfDescribingJson('iglu:com.acme/inner/jsonschema/1-0-0', {})"),
)
_leaves = chosen(chosen(scalars, known), opaques)


def _listed(items: list[str]) -> str:
    return "[" + ", ".join(items) + "]"


def _mapped(items: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"


def _dicts(inner: Source) -> Source:
    keys = chosen(_keys, _bad_keys, 60)
    return st.lists(st.tuples(keys, inner), max_size=5).map(_mapped)


def _containers(inner: Source) -> Source:
    lists = st.lists(inner, max_size=4)
    dicts = _dicts(inner)
    return st.one_of(
        lists.map(_listed),
        dicts,
        st.one_of(
            lists.map(lambda items: f"tuple({_listed(items)})"),
            lists.map(lambda items: f"Rows({_listed(items)})"),
            dicts.map("Record({})".format),
            dicts.map("OrderedDict({})".format),
            dicts.map("defaultdict(list, {})".format),
            st.tuples(inner, inner).map(lambda pair: f"Point({pair[0]}, {pair[1]})"),
        ),
    )


_trees = st.recursive(_leaves, _containers, max_leaves=12)
_deep = st.sampled_from([f"nested({levels})" for levels in (50, 250, 300, 3000)])
datas = chosen(st.one_of(_dicts(_trees), _dicts(_trees), _trees), _deep, 50)

# A parameter that travels in a field of its own, and may be nearly anything.
plain = chosen(
    st.one_of(texts, texts, st.just("None")),
    st.one_of(ints, _odd_floats, _constants, _subclasses, st.sampled_from(["[1, 'a']", "{}"])),
    5,
)
timestamps = chosen(
    st.one_of(st.integers(0, 2**45).map(_repr), floats.filter(lambda text: "e+" not in text)),
    st.sampled_from(["None", "'yesterday'", "True", "Count(5)", "Ratio(2.5)", *_NO_NUMBERS]),
    4,
)
