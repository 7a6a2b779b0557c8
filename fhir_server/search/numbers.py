"""Exact numbers as text that sorts as they do, and the range a written number stands for.

https://hl7.org/fhir/R4/search.html#number
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from fhir_server.fhir import decimals
from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Between, Condition, both, either
from fhir_server.search.escape import prefixed

# Before and after the key of every number: the ends of a range that is open there.
LOWEST, HIGHEST = "-", "~"

MAX_LETTERS = 64
MAX_EXPONENT = 400
_OFFSET = 5000
_MAX_BITS = 200
# Room for every digit of a number, and for a tenth or half a unit of its last digit beside it.
EXACT = Context(prec=MAX_LETTERS + 4)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,4})?", re.ASCII)
_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it was written: its value, and half a unit of its last digit."""

    value: Decimal
    half: Decimal

    @property
    def start(self) -> Decimal:
        """The least number that is rounded to this one."""
        return EXACT.subtract(self.value, self.half)

    @property
    def end(self) -> Decimal:
        """The first number above that is not."""
        return EXACT.add(self.value, self.half)

    @property
    def about(self) -> tuple[Decimal, Decimal]:
        """Both ends of what is about this number: a tenth of it, or half a unit if that is more."""
        width = max(EXACT.multiply(self.value.copy_abs(), _TENTH), self.half)
        return EXACT.subtract(self.value, width), EXACT.add(self.value, width)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search compares with, as keys: the value, the range it stands for, what is about."""

    value: str
    start: str
    end: str
    about: tuple[str, str]


@lru_cache(maxsize=4096)
def key(number: Decimal) -> str:
    """Give text that sorts, by code point, as the numbers do; equal numbers give equal text.

    A sign, the exponent, the digits: 150 is `2` `5002` `15`. Of negative numbers the digits are
    complements, with an end that sorts behind them.
    """
    if not number:
        return "1"
    _, digits, _ = number.as_tuple()
    text = f"{number.adjusted() + _OFFSET:04d}" + "".join(map(str, digits)).rstrip("0")
    return f"0{text.translate(_COMPLEMENT)}~" if number < 0 else f"2{text}"


def above(text: str) -> str:
    """Give the text behind a key, before those of all greater numbers: an end that is open."""
    return text + "\0"


def below(text: str) -> str:
    """Give the text before a key, behind those of all lesser numbers: an end that is open."""
    if text == key(Decimal(0)):
        return "0~"
    if text.startswith("0"):
        return text.removesuffix("~") + ":"
    return text[:-1] + chr(ord(text[-1]) - 1) + "~"


def keyed(number: Decimal) -> bool:
    """Say whether the number has a key; what a change of unit makes of one may be out of bounds."""
    return not number or abs(number.adjusted()) < _OFFSET


def indexed(value: Any) -> Decimal | None:
    """Give the number of a resource; None for what is none, or has too many digits to index."""
    if type(value) is int:
        return Decimal(value) if value.bit_length() <= _MAX_BITS else None
    if type(value) is not decimals.Literal:
        return None
    return read(decimals.text(value))


@lru_cache(maxsize=4096)
def read(text: str) -> Decimal | None:
    """Give the number a text is; None for what is none, or has too many digits."""
    return Decimal(text) if _fits(text) else None


def written(text: str) -> Written:
    """Read a number that is asked for; Invalid for what is none or has too many digits."""
    if not _fits(text):
        raise Invalid(
            f"{text[:MAX_LETTERS]!r} is not a number such as 5.4 or -1.0e3 with at most"
            f" {MAX_LETTERS} letters and an exponent to {MAX_EXPONENT}.",
            code="value",
        )
    value = Decimal(text)
    return Written(value, Decimal((0, (5,), int(value.as_tuple().exponent) - 1)))


def asked(number: Written, as_key: Callable[[Decimal], str] = key) -> Asked:
    """Give what a search compares with; `as_key` may change the unit first."""
    low, high = map(as_key, number.about)
    return Asked(as_key(number.value), as_key(number.start), as_key(number.end), (low, high))


def operator(value: str) -> tuple[str, str]:
    """Split `ge5.4` into `ge` and the rest; without a prefix it is `eq`."""
    return prefixed(value, PREFIXES, "number")


def _fits(text: str) -> bool:
    if len(text) > MAX_LETTERS or not _NUMBER.fullmatch(text):
        return False
    _, _, exponent = text.lower().partition("e")
    return abs(int(exponent or 0)) <= MAX_EXPONENT


def _low(low: str | None = None, high: str | None = None) -> Condition:
    return Between("lo", low, high, single=True)


def _high(low: str | None = None, high: str | None = None) -> Condition:
    return Between("hi", low, high, single=True)


def _about(asked: Asked) -> Condition:
    low, high = asked.about
    return both(_high(low, None), _low(None, above(high)))


# What each prefix asks of a range whose ends, `lo` and `hi`, belong to it.
PREFIXES: Mapping[str, Callable[[Asked], Condition]] = {
    "eq": lambda asked: both(_low(asked.start, None), _high(None, asked.end)),
    "ne": lambda asked: either(_low(None, asked.start), _high(asked.end, None)),
    "gt": lambda asked: _high(above(asked.value), None),
    "lt": lambda asked: _low(None, asked.value),
    "ge": lambda asked: _high(asked.value, None),
    "le": lambda asked: _low(None, above(asked.value)),
    "sa": lambda asked: _low(above(asked.value), None),
    "eb": lambda asked: _high(None, asked.value),
    "ap": _about,
}
