r"""Patterns whose ways to match can be counted beforehand: where they are few, `re` tries them.

`re` tries one way after the other. Counts and alternatives multiply them: `[A-Z]{2}` has one way
from each place of a text, `[0-9]{3,5}` three, `a|b` two, `.*` one for each character that is left.
A count without an end on a group, as in `(a+)+`, has more ways than can be told.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

# Characters looked at in the worst case: about a millisecond.
MAX_TRIED = 100_000
MAX_OPEN = 3
# Ways to match from one place, and how many counts have no end.
_Ways: TypeAlias = tuple[int, int]

_NONE, _ONE = (0, 0), (1, 0)
_PLACES = {"^": r"\A", "$": r"\Z"}
# `re` finds none in an empty text.
_NO_BORDER = r"\B"


@dataclass(frozen=True, slots=True)
class Bounded:
    """A pattern for `re`; `size` is how many characters it asks for at most, open counts once."""

    pattern: re.Pattern[str]
    size: int
    ways: int
    open: int

    def tried(self, text: str) -> int:
        """Give how many characters are looked at in the worst case."""
        return int(self.size * self.ways * (len(text) + 1) ** (self.open + 1))


def character(text: str) -> str:
    """Give a token of one character for `re`, which would warn of what others read as sets."""
    if len(text) == 1:
        return text if text == "." else re.escape(text)
    return re.sub(r"(?<!\\)(?<!^)\[|([&|~-])(?=\1)", r"\\\g<0>", text)


def bounded(tokens: Sequence[re.Match[str]], size: int) -> Bounded | None:
    """Give the pattern of these tokens, which are well-formed; None if `re` might run long."""
    if any(token["place"] == _NO_BORDER for token in tokens):
        return None
    ways = _counted(tokens)
    if ways is None or ways[0] > MAX_TRIED or ways[1] > MAX_OPEN:
        return None
    return Bounded(re.compile("".join(map(_written, tokens)), re.DOTALL), size, *ways)


def _written(token: re.Match[str]) -> str:
    if token["group"]:
        return "(?:"
    if token["one"]:
        return character(token["one"])
    return _PLACES.get(token[0], token[0])


def _counted(tokens: Sequence[re.Match[str]]) -> _Ways | None:
    """Give the ways of a pattern; None where a count cannot stand, or has no end on a group."""
    # For each bracket that is open: the ways of the alternatives before, and of this one so far.
    open_: list[tuple[_Ways, _Ways]] = [(_NONE, _ONE)]
    for token, following in zip_longest(tokens, tokens[1:]):
        before, here = open_[-1]
        if token["count"] or token["place"]:
            if following and following["count"]:
                return None
            continue
        if token["group"]:
            open_.append((_NONE, _ONE))
        elif token["mark"] == "|":
            open_[-1] = (_either(before, here), _ONE)
        else:
            part = _ONE
            if token["mark"]:
                open_.pop()
                part = _either(before, here)
                before, here = open_[-1]
            times = _times(part, following, group=bool(token["mark"]))
            if times is None:
                return None
            open_[-1] = (before, _both(here, times))
    return _either(*open_[0])


def _either(one: _Ways, other: _Ways) -> _Ways:
    return min(one[0] + other[0], MAX_TRIED + 1), max(one[1], other[1])


def _both(one: _Ways, other: _Ways) -> _Ways:
    return min(one[0] * other[0], MAX_TRIED + 1), min(one[1] + other[1], MAX_OPEN + 1)


def _times(part: _Ways, count: re.Match[str] | None, *, group: bool) -> _Ways | None:
    """Give the ways of a part with the count behind it."""
    if count is None or not count["count"]:
        return part
    sign = count["count"][0]
    if sign in "*+" or (count["open"] and not count["high"]):
        return None if group else (1, 1)
    low = 0 if sign == "?" else int(count["low"])
    high = 1 if sign == "?" else int(count["high"] or low)
    found: _Ways = (high - low + 1, 0)
    # Of a single character there is one way each time.
    for _ in range(high if group else 0):
        found = _both(found, part)
    return found
