"""Regular expressions matched in linear time: each letter is looked at once, whatever the pattern.

What R4's `regex` filter needs is read: letters, escapes, classes, groups, `|` and counts. The
pattern becomes numbered places, a set of places is an int with a bit for each.
https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fhir_server.fhir.errors import Invalid

MAX_PLACES = 500
MAX_LENGTH = 500
MAX_DEPTH = 20

_TOKEN = re.compile(
    r"(?P<one>\[\^?(?:\\.|[^\]\[\\])+\]|\\[^A-CE-RT-VX-Za-ce-rt-vx-z0-9]|\.|[^\\|()*+?{}\[\]^$])"
    r"|(?P<count>[*+?]|\{(?P<low>\d{1,3})(?P<open>,(?P<high>\d{1,3})?)?\})"
    r"|(?P<mark>\(\?:|[()|])",
    re.DOTALL,
)
# Python would warn of these: they mean something else in other dialects.
_DOUBTFUL = re.compile(r"--|&&|\|\||~~")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the pattern: the places it may begin and end at; `empty`: it may match nothing."""

    empty: bool
    first: int = 0
    last: int = 0


@dataclass(slots=True)
class _Places:
    """Every place: the letter that may stand there, and the places that may follow."""

    letters: list[re.Pattern[str]] = field(default_factory=list)
    follow: list[int] = field(default_factory=list)

    def add(self, letter: re.Pattern[str]) -> _Part:
        if len(self.letters) == MAX_PLACES:
            raise _refused("it is too long")
        self.letters.append(letter)
        self.follow.append(0)
        bit = 1 << (len(self.letters) - 1)
        return _Part(empty=False, first=bit, last=bit)

    def join(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            empty=one.empty and other.empty,
            first=one.first | (other.first if one.empty else 0),
            last=other.last | (one.last if other.empty else 0),
        )

    def repeat(self, part: _Part) -> _Part:
        self._link(part.last, part.first)
        return part

    def _link(self, last: int, first: int) -> None:
        while last:
            low = last & -last
            self.follow[low.bit_length() - 1] |= first
            last ^= low


# What makes a part anew: a counted part is made as often as it may stand there.
_Maker = Callable[[_Places], _Part]


def matcher(pattern: str) -> Callable[[str], bool]:
    """Give the function that says whether a whole text matches; Invalid for what is not read."""
    whole = pattern.removeprefix("^")
    if whole.endswith("$") and not whole.endswith("\\$"):
        whole = whole[:-1]
    tokens = _tokens(whole)
    made = _either(tokens, 0)
    if tokens:
        raise _refused("a bracket is closed that is not open")
    places = _Places()
    part = made(places)
    return lambda text: _matches(places, part, text)


def _matches(places: _Places, part: _Part, text: str) -> bool:
    if not text:
        return part.empty
    at = part.first
    for number, letter in enumerate(text):
        stood = 0
        rest = at
        following = 0
        while rest:
            low = rest & -rest
            place = low.bit_length() - 1
            if places.letters[place].match(letter):
                stood |= low
                following |= places.follow[place]
            rest ^= low
        if number == len(text) - 1:
            return bool(stood & part.last)
        at = following
    return False


def _tokens(pattern: str) -> list[re.Match[str]]:
    if len(pattern) > MAX_LENGTH:
        raise _refused("it is too long")
    tokens: list[re.Match[str]] = []
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise _refused(f"{pattern[at : at + 3]!r} is not understood")
        tokens.append(found)
        at = found.end()
    return tokens[::-1]


def _either(tokens: list[re.Match[str]], depth: int) -> _Maker:
    if depth > MAX_DEPTH:
        raise _refused("it is nested too deep")
    makers = [_sequence(tokens, depth)]
    while tokens and tokens[-1]["mark"] == "|":
        tokens.pop()
        makers.append(_sequence(tokens, depth))
    return makers[0] if len(makers) == 1 else lambda places: _one_of(places, makers)


def _one_of(places: _Places, makers: Sequence[_Maker]) -> _Part:
    parts = [maker(places) for maker in makers]
    first = last = 0
    for part in parts:
        first |= part.first
        last |= part.last
    return _Part(any(part.empty for part in parts), first, last)


def _sequence(tokens: list[re.Match[str]], depth: int) -> _Maker:
    makers: list[_Maker] = []
    while tokens and tokens[-1]["mark"] not in {"|", ")"}:
        makers.append(_counted(_single(tokens, depth), tokens))
    return lambda places: _all_of(places, makers)


def _all_of(places: _Places, makers: Sequence[_Maker]) -> _Part:
    part = _Part(empty=True)
    for maker in makers:
        part = places.join(part, maker(places))
    return part


def _single(tokens: list[re.Match[str]], depth: int) -> _Maker:
    token = tokens.pop()
    if token["count"]:
        raise _refused("a count stands behind nothing or behind another")
    if token["mark"]:
        inner = _either(tokens, depth + 1)
        if not tokens or tokens.pop()["mark"] != ")":
            raise _refused("a bracket is not closed")
        return inner
    letter = _letter(token["one"])
    return lambda places: places.add(letter)


def _letter(text: str) -> re.Pattern[str]:
    if text.startswith("[") and _DOUBTFUL.search(text):
        raise _refused(f"the class {text[:32]!r} is not understood")
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        raise _refused(f"the class {text[:32]!r} is not understood") from None


def _counted(maker: _Maker, tokens: list[re.Match[str]]) -> _Maker:
    if not tokens or not tokens[-1]["count"]:
        return maker
    token = tokens.pop()
    named = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(token["count"])
    if named is not None:
        return lambda places: _times(places, maker, *named)
    low = int(token["low"])
    high = low if not token["open"] else int(token["high"]) if token["high"] else None
    if high is not None and high < low:
        raise _refused("a count ends before it begins")
    return lambda places: _times(places, maker, low, high)


def _times(places: _Places, maker: _Maker, low: int, high: int | None) -> _Part:
    """Make a part `low` to `high` times; without `high` the last one may stand again and again."""
    part = _Part(empty=True)
    for number in range(max(low, 1) if high is None else high):
        one = maker(places)
        if not one.first:
            # Nothing, however often; what adds no place must not be made a thousand times.
            return part
        if high is None and number >= low - 1:
            one = places.repeat(one)
        if number >= low:
            one = _Part(empty=True, first=one.first, last=one.last)
        part = places.join(part, one)
    return part


def _refused(why: str) -> Invalid:
    return Invalid(
        f"The regex of a ValueSet's filter is not supported: {why}. Supported: letters, escapes, "
        "classes, groups, | and counts.",
        code="not-supported",
    )
