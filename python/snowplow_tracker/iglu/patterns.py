r"""Translate patterns from the syntax of Java, which Iglu uses, to that of jsonschema-rs.

Both libraries search anywhere in the text. They differ in what `$`, `.`, `\d`, `\w` and `\s`
match, and in what may stand within brackets. jsonschema-rs accepts the syntax of ECMA 262 with its
flag `u`. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
from functools import lru_cache

from jsonschema_rs import Draft4Validator

from snowplow_tracker.iglu.character_sets import (
    POSIX,
    SHORTHANDS,
    CharacterSet,
    category,
    complement,
    intersection,
    render,
    union,
)

__all__ = ["UnsupportedPatternError", "translate"]

_LINE_ENDS = "(?:\r\n|[\n\r\x85\u2028\u2029])?$"
_NOT_LINE_END = render(complement(((10, 10), (13, 13), (0x85, 0x85), (0x2028, 0x2029))))
_SPECIAL = frozenset("\\^$.*+?()[]{}|/")
_QUANTIFIER = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_GROUPS = re.compile(r"\?(?:[:=!]|<[=!]|<[a-zA-Z][a-zA-Z0-9]*>)")
_CONTROLS = {"t": 9, "n": 10, "r": 13, "f": 12, "a": 7, "e": 27}


class UnsupportedPatternError(ValueError):
    """A pattern is broken, or uses syntax that has no counterpart."""


@lru_cache(maxsize=1024)
def translate(pattern: str) -> str:
    """Return a pattern for jsonschema-rs that finds what the given one finds in Java.

    Raises:
        UnsupportedPatternError: There is no such pattern.
    """
    translated = _Translator(pattern).run()
    try:
        Draft4Validator({"pattern": translated})
    except ValueError:
        raise UnsupportedPatternError("its syntax is not supported") from None
    return translated


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._depth = 0
        self._ignores_case = False
        self._out: list[str] = []

    def run(self) -> str:
        if self._take("(?i)"):
            self._ignores_case = True
        while self._at < len(self._text):
            self._item()
        if self._depth:
            raise UnsupportedPatternError("a group is not closed")
        return "".join(self._out)

    def _item(self) -> None:
        character = self._text[self._at]
        if character == "\\":
            self._at += 1
            self._escape()
        elif character == "[":
            self._out.append(render(self._with_case(self._brackets())))
        elif character == "(":
            self._group()
        elif character in "*+?{":
            self._quantifier(character)
        else:
            self._at += 1
            self._simple(character)

    def _simple(self, character: str) -> None:
        if character == ")":
            self._depth -= 1
            if self._depth < 0:
                raise UnsupportedPatternError("a parenthesis is closed that was not opened")
            self._out.append(")")
        elif character == ".":
            self._out.append(_NOT_LINE_END)
        elif character == "$":
            self._end()
        elif character in "^|":
            self._out.append(character)
        else:
            self._literal(ord(character))

    def _end(self) -> None:
        # Java's `$` also matches before a line end at the end of the text. Reading this line end
        # is cheaper than a look-ahead, but only allowed if nothing of the pattern follows.
        is_last = not self._depth and self._text[self._at : self._at + 1] in {"", "|"}
        self._out.append(_LINE_ENDS if is_last else f"(?={_LINE_ENDS})")

    def _literal(self, code: int) -> None:
        if self._ignores_case and chr(code).isascii() and chr(code).isalpha():
            self._out.append(render(self._with_case(((code, code),))))
        else:
            character = chr(code)
            self._out.append(f"\\{character}" if character in _SPECIAL else character)

    def _with_case(self, characters: CharacterSet) -> CharacterSet:
        if not self._ignores_case:
            return characters
        lower = intersection(characters, ((97, 122),))
        upper = intersection(characters, ((65, 90),))
        shifted = [(low - 32, high - 32) for low, high in lower]
        shifted += [(low + 32, high + 32) for low, high in upper]
        return union(characters, tuple(shifted))

    def _group(self) -> None:
        self._depth += 1
        self._at += 1
        kind = ""
        if self._text[self._at : self._at + 1] == "?":
            found = _GROUPS.match(self._text, self._at)
            if found is None:
                raise UnsupportedPatternError("a flag or a group of a kind that is not supported")
            kind = found[0]
            self._at = found.end()
        self._out.append(f"({kind}")

    def _quantifier(self, character: str) -> None:
        found = _QUANTIFIER.match(self._text, self._at) if character == "{" else None
        if character == "{" and found is None:
            raise UnsupportedPatternError("a brace that is no quantifier")
        text = found[0] if found else character
        self._at += len(text)
        if self._text[self._at : self._at + 1] == "+":
            raise UnsupportedPatternError("possessive quantifiers are not supported")
        if self._take("?"):
            text += "?"
        self._out.append(text)

    def _escape(self) -> None:
        character = self._next()
        if character == "A":
            self._out.append("^")
        elif character == "z":
            self._out.append("$")
        elif character == "Z":
            self._end()
        elif character in "bB" or character in "123456789":
            self._out.append(f"\\{character}")
        elif character == "k":
            self._out.append("\\k<" + self._until(">").removeprefix("<") + ">")
        elif character == "Q":
            for quoted in self._quoted():
                self._literal(ord(quoted))
        elif character in SHORTHANDS or character in "pP":
            self._out.append(render(self._with_case(self._set(character))))
        else:
            self._literal(self._code(character))

    def _quoted(self) -> str:
        end = self._text.find("\\E", self._at)
        start, self._at = self._at, len(self._text) if end < 0 else end + 2
        return self._text[start : end if end >= 0 else None]

    def _set(self, character: str) -> CharacterSet:
        if character in SHORTHANDS:
            return SHORTHANDS[character]
        name = self._until("}").removeprefix("{") if self._text[self._at] == "{" else self._next()
        found = POSIX.get(name) or category(name.removeprefix("Is") or "?")
        if not found:
            raise UnsupportedPatternError(f"\\{character}{{{name}}} is not supported")
        return found if character == "p" else complement(found)

    def _code(self, character: str) -> int:
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "u":
            return self._hexadecimal(4)
        if character == "x":
            if self._take("{"):
                return int(self._until("}"), 16)
            return self._hexadecimal(2)
        if character == "c":
            return ord(self._next()) ^ 64
        if character.isascii() and character.isalnum():
            raise UnsupportedPatternError(f"\\{character} is not supported")
        return ord(character)

    def _hexadecimal(self, digits: int) -> int:
        text = self._text[self._at : self._at + digits]
        if len(text) < digits or not re.fullmatch("[0-9a-fA-F]+", text):
            raise UnsupportedPatternError("an escape without its hexadecimal digits")
        self._at += digits
        return int(text, 16)

    def _brackets(self) -> CharacterSet:
        self._at += 1
        is_negated = self._take("^")
        found: CharacterSet = ()
        both: CharacterSet | None = None
        is_empty = True
        while is_empty or self._text[self._at : self._at + 1] != "]":
            if self._take("&&"):
                both = _narrowed(both, found)
                found = ()
            else:
                found = union(found, self._member())
            is_empty = False
        self._at += 1
        found = _narrowed(both, found)
        return complement(found) if is_negated else found

    def _member(self) -> CharacterSet:
        if self._text[self._at : self._at + 1] == "[":
            return self._brackets()
        start = self._at
        character = self._next()
        if character == "\\":
            character = self._next()
            if character in SHORTHANDS or character in "pP":
                return self._set(character)
            low = self._code(character)
        else:
            low = ord(character)
        # A hyphen before the closing bracket, a nested bracket or after a range is a plain one.
        if not re.match(r"-[^\]\[]", self._text[self._at : self._at + 2], re.DOTALL):
            return ((low, low),)
        return self._range(start, low)

    def _range(self, start: int, low: int) -> CharacterSet:
        self._at += 1
        character = self._next()
        if character == "\\":
            character = self._next()
            if character in SHORTHANDS or character in "pP":
                raise UnsupportedPatternError("a range that ends in a class of characters")
            high = self._code(character)
        else:
            high = ord(character)
        if high < low:
            raise UnsupportedPatternError(f"a range the wrong way round at {start}")
        return ((low, high),)

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise UnsupportedPatternError("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _take(self, text: str) -> bool:
        is_next = self._text.startswith(text, self._at)
        self._at += len(text) * is_next
        return is_next

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self._at)
        if stop < 0:
            raise UnsupportedPatternError(f"{end} is missing")
        start, self._at = self._at, stop + 1
        return self._text[start:stop]


def _narrowed(both: CharacterSet | None, found: CharacterSet) -> CharacterSet:
    # Java ignores a side of `&&` that is empty.
    return intersection(both, found) if both and found else both or found
