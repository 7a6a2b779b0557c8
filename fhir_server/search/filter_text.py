"""The text of `_filter` taken apart: tests, joined by `and` and `or`, denied by `not`.

https://hl7.org/fhir/R4/search_filter.html
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from fhir_server.fhir.errors import Invalid

MAX_LENGTH = 4096
MAX_DEPTH = 8
MAX_TESTS = 50
OPERATORS = (
    "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb",
    "in", "ni", "re",
)  # fmt: skip

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_][\w-]*(?::[A-Za-z]+)?", re.ASCII)
_LOGIC = re.compile(r"(?:and|or)\b(?![-.:\[])")
_NOT = re.compile(r"not\b(?![-.:\[])")
_OPERATOR = re.compile(r"[A-Za-z]+(?=\s)")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_TOKEN = re.compile(r'[^\s)\]"][^\s)\]]*')
_OPEN, _CLOSE = re.compile(r"\("), re.compile(r"\)")
_BRACKET, _END, _DOT = re.compile(r"\["), re.compile(r"\]"), re.compile(r"\.")


@dataclass(frozen=True, slots=True)
class Step:
    """A parameter on a path, `code` or `code:Type`, with the filter in brackets behind it."""

    name: str
    filter: "Filter | None" = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`; `at` is the letter it begins with, from 1."""

    path: tuple[Step, ...]
    operator: str
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Both parts hold (`and`), or one of them (`or`)."""

    word: str
    parts: tuple["Filter", "Filter"]


@dataclass(frozen=True, slots=True)
class Denied:
    """The part does not hold."""

    part: "Filter"


Filter: TypeAlias = Comparison | Joined | Denied


def parse(text: str) -> Filter:
    """Take a filter apart; `and` and `or` are read from left to right, neither before the other.

    Raises Invalid, saying at which letter, for what is no filter or too much of one.
    """
    if len(text) > MAX_LENGTH:
        raise Invalid(f"_filter is longer than {MAX_LENGTH} letters.", code="too-costly")
    reader = _Reader(text)
    reader.skip()
    found = _logic(reader, 0)
    if reader.place < len(text):
        raise reader.wrong("`and`, `or` or the end is expected here")
    return found


@dataclass(slots=True)
class _Reader:
    """A text, how far it is read, and how many tests that were."""

    text: str
    place: int = 0
    tests: int = 0

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Give what stands here and go behind it and the space that follows."""
        found = pattern.match(self.text, self.place)
        if found is None:
            return None
        self.place = found.end()
        self.skip()
        return found[0]

    def need(self, pattern: re.Pattern[str], told: str) -> str:
        """Do as `take`; Invalid where it does not stand here."""
        found = self.take(pattern)
        if found is None:
            raise self.wrong(f"{told} is expected here")
        return found

    def wrong(self, told: str, code: str = "invalid") -> Invalid:
        return Invalid(f"_filter, letter {self.place + 1}: {told}.", code=code)

    def skip(self) -> None:
        """Go behind the space that stands here."""
        space = _SPACE.match(self.text, self.place)
        self.place = space.end() if space else self.place


def _logic(reader: _Reader, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise reader.wrong(f"at most {MAX_DEPTH} brackets within each other", "too-costly")
    found = _one(reader, depth)
    while word := reader.take(_LOGIC):
        found = Joined(word, (found, _one(reader, depth)))
    return found


def _one(reader: _Reader, depth: int) -> Filter:
    if reader.take(_NOT):
        reader.need(_OPEN, "`(` behind `not`")
        return Denied(_grouped(reader, depth))
    if reader.take(_OPEN):
        return _grouped(reader, depth)
    return _test(reader, depth)


def _grouped(reader: _Reader, depth: int) -> Filter:
    found = _logic(reader, depth + 1)
    reader.need(_CLOSE, "`and`, `or` or `)`")
    return found


def _test(reader: _Reader, depth: int) -> Comparison:
    reader.tests += 1
    if reader.tests > MAX_TESTS:
        raise reader.wrong(f"at most {MAX_TESTS} tests", "too-costly")
    at = reader.place + 1
    path = _path(reader, depth)
    operator = reader.need(_OPERATOR, "an operator and a value")
    if operator not in OPERATORS:
        told = f"{operator[:32]!r} is no operator; known: {', '.join(OPERATORS)}"
        raise reader.wrong(told, "not-supported")
    return Comparison(path, operator, _value(reader), at)


def _path(reader: _Reader, depth: int) -> tuple[Step, ...]:
    path = [_step(reader, depth)]
    while True:
        narrowed = path[-1].filter is not None
        if not (reader.need(_DOT, "`.` and a parameter") if narrowed else reader.take(_DOT)):
            return tuple(path)
        path.append(_step(reader, depth))


def _step(reader: _Reader, depth: int) -> Step:
    name = reader.need(_NAME, "the name of a parameter")
    if not reader.take(_BRACKET):
        return Step(name)
    inner = _logic(reader, depth + 1)
    reader.need(_END, "`and`, `or` or `]`")
    return Step(name, inner)


def _value(reader: _Reader) -> str:
    quoted = reader.take(_STRING)
    if quoted is None:
        return reader.need(_TOKEN, "a value")
    try:
        return msgspec.json.decode(quoted, type=str)
    except msgspec.DecodeError:
        raise reader.wrong("the text before is no JSON string") from None
