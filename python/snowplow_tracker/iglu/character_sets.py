"""Sets of characters as sorted ranges of code points, and the classes that Java names."""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache

__all__ = [
    "POSIX",
    "SHORTHANDS",
    "CharacterSet",
    "category",
    "complement",
    "intersection",
    "render",
    "union",
]

CharacterSet = tuple[tuple[int, int], ...]
"""Ranges of code points, each with its first and its last one."""

_LAST = sys.maxunicode
_SURROGATES = ((0xD800, 0xDFFF),)
_SPECIAL = frozenset("\\]^-[")


def union(first: CharacterSet, second: CharacterSet) -> CharacterSet:
    """Return the characters that are in one of two sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(first + second):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(characters: CharacterSet) -> CharacterSet:
    """Return the characters that are not in a set."""
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in union(characters, ()):
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        found.append((start, _LAST))
    return tuple(found)


def intersection(first: CharacterSet, second: CharacterSet) -> CharacterSet:
    """Return the characters that are in both sets."""
    return complement(union(complement(first), complement(second)))


def render(characters: CharacterSet) -> str:
    """Return a set as a bracket expression of a regular expression."""
    valid = intersection(characters, complement(_SURROGATES))
    if not valid:
        return "(?!)"
    return f"[{''.join(_literal(low, high) for low, high in valid)}]"


@lru_cache(maxsize=16)
def category(name: str) -> CharacterSet:
    """Return the characters of a Unicode category, such as `Lu`, or of a group of them, as `L`."""
    codes = range(_LAST + 1)
    of_category = [code for code in codes if unicodedata.category(chr(code)).startswith(name)]
    ranges: list[tuple[int, int]] = []
    for code in of_category:
        start = ranges.pop()[0] if ranges and ranges[-1][1] == code - 1 else code
        ranges.append((start, code))
    return tuple(ranges)


def _literal(low: int, high: int) -> str:
    ends = [f"\\{chr(code)}" if chr(code) in _SPECIAL else chr(code) for code in (low, high)]
    return ends[0] if low == high else "-".join(ends)


def _chosen(characters: str) -> CharacterSet:
    return union(tuple((ord(one), ord(one)) for one in characters), ())


_DIGIT: CharacterSet = ((48, 57),)
_LOWER: CharacterSet = ((97, 122),)
_UPPER: CharacterSet = ((65, 90),)
_ALPHA = union(_LOWER, _UPPER)
_ALNUM = union(_ALPHA, _DIGIT)
_WORD = union(_ALNUM, _chosen("_"))
_SPACE = _chosen(" \t\n\x0b\f\r")
_HORIZONTAL = union(_chosen(" \t\xa0\u1680\u180e\u202f\u205f\u3000"), ((0x2000, 0x200A),))
_VERTICAL = _chosen("\n\x0b\f\r\x85\u2028\u2029")
_GRAPH: CharacterSet = ((33, 126),)

SHORTHANDS: dict[str, CharacterSet] = {
    "d": _DIGIT,
    "w": _WORD,
    "s": _SPACE,
    "h": _HORIZONTAL,
    "v": _VERTICAL,
    "D": complement(_DIGIT),
    "W": complement(_WORD),
    "S": complement(_SPACE),
    "H": complement(_HORIZONTAL),
    "V": complement(_VERTICAL),
}
"""The classes of one letter after a backslash, such as `d`."""

POSIX: dict[str, CharacterSet] = {
    "Lower": _LOWER,
    "Upper": _UPPER,
    "Alpha": _ALPHA,
    "Digit": _DIGIT,
    "Alnum": _ALNUM,
    "ASCII": ((0, 127),),
    "Graph": _GRAPH,
    "Print": ((32, 126),),
    "Blank": _chosen(" \t"),
    "Punct": intersection(_GRAPH, complement(_ALNUM)),
    "Cntrl": ((0, 31), (127, 127)),
    "XDigit": ((48, 57), (65, 70), (97, 102)),
    "Space": _SPACE,
}
"""The classes that Java writes as `\\p{Alpha}`; they contain only ASCII."""
