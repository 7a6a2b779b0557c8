"""Number parameters: a number stands for what rounds to it, and the prefixes that compare.

https://hl7.org/fhir/R4/search.html#number and https://hl7.org/fhir/R4/search.html#prefix
"""

from decimal import Decimal
from typing import NamedTuple

from tests.oracle.definitions import Value
from tests.oracle.words import plain
from tests.oracle.world import World

INFINITE = Decimal("Infinity")


class Interval(NamedTuple):
    """From `low` to `high`, both in it unless they are open: `< 5` is all below 5."""

    low: Decimal
    high: Decimal
    low_open: bool = False
    high_open: bool = False


class Asked(NamedTuple):
    """A number asked for: as written, and half of what its last digit counts."""

    number: Decimal
    half: Decimal


def asked_of(text: str) -> Asked:
    """Read a number: `100` is 99.5 to 100.5, `100.00` is 99.995 to 100.005, `1e2` is 50 to 150."""
    number = Decimal(text)
    return Asked(number, Decimal(1).scaleb(number.as_tuple().exponent) / 2)


def eq(value: Interval, asked: Asked) -> bool:
    """What is asked for fully contains the value; its upper end rounds to another number."""
    start, end = asked.number - asked.half, asked.number + asked.half
    before_end = value.high < end or (value.high == end and value.high_open)
    return start <= value.low and before_end


def ne(value: Interval, asked: Asked) -> bool:
    return not eq(value, asked)


def gt(value: Interval, asked: Asked) -> bool:
    """Something of the value is above the very number asked for."""
    return value.high > asked.number


def lt(value: Interval, asked: Asked) -> bool:
    """Something of the value is below the very number asked for."""
    return value.low < asked.number


def ge(value: Interval, asked: Asked) -> bool:
    return gt(value, asked) or (value.high == asked.number and not value.high_open)


def le(value: Interval, asked: Asked) -> bool:
    return lt(value, asked) or (value.low == asked.number and not value.low_open)


def sa(value: Interval, asked: Asked) -> bool:
    """All of the value is above."""
    return not le(value, asked)


def eb(value: Interval, asked: Asked) -> bool:
    """All of the value is below."""
    return not ge(value, asked)


def ap(value: Interval, asked: Asked) -> bool:
    """They overlap within a tenth, or within the rounding where that is wider."""
    width = max(abs(asked.number) / 10, asked.half)
    low, high = Asked(asked.number - width, asked.half), Asked(asked.number + width, asked.half)
    return ge(value, low) and le(value, high)


PREFIXES = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "lt": lt,
    "ge": ge,
    "le": le,
    "sa": sa,
    "eb": eb,
    "ap": ap,
}


def read(text: str) -> tuple[str, Asked]:
    """Split `ge5.4` into its prefix and number."""
    prefix = text[:2] if text[:2] in PREFIXES else ""
    return prefix or "eq", asked_of(text.removeprefix(prefix))


def interval(value: Value) -> Interval | None:
    """Give the interval of a number, or of a Range, which is open-ended where an end is missing."""
    if value.type == "Range":
        low, high = (value.json.get(end, {}).get("value") for end in ("low", "high"))
        if low is None and high is None:
            return None
        return Interval(
            -INFINITE if low is None else Decimal(low), INFINITE if high is None else Decimal(high)
        )
    if isinstance(value.json, dict | bool | str):
        return None
    return Interval(Decimal(value.json), Decimal(value.json))


def compares(text: str, value: Value, _world: World) -> bool:
    prefix, asked = read(plain(text))
    found = interval(value)
    return found is not None and PREFIXES[prefix](found, asked)


MODIFIERS = {"": compares}


def order(value: Value, _world: World) -> Decimal | None:
    """Sort by the number, a Range by its lower end."""
    found = interval(value)
    return found.low if found else None
