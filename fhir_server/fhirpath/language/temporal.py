"""Dates, dateTimes and times of any precision: compared as far as both are known.

https://hl7.org/fhirpath/N1/#datetime-equality
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

# year, month, day, hour, minute, second, as many as are known, and the offset in minutes.
Moment: TypeAlias = tuple[tuple[int | Decimal, ...], int | None]

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?)?)?",
    re.ASCII,
)
_TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?", re.ASCII)
_MAX_LENGTH = 64
_DAY, _HOUR, _MINUTE, _SECOND = 3, 4, 5, 6


def moment(text: str) -> Moment | None:
    """Read a date or dateTime; None if it is none that exists."""
    return _moment(text) if len(text) <= _MAX_LENGTH else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> Moment | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    *parts, second, offset = found.groups()
    numbers: list[int | Decimal] = [int(part) for part in parts if part is not None]
    if second is not None:
        numbers.append(Decimal(second))
    return (tuple(numbers), _offset(offset)) if _exists(numbers) else None


def time(text: str) -> Moment | None:
    """Read a time of day; None if it is none."""
    found = _TIME.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        return None
    hour, minute, second = found.groups()
    numbers: list[int | Decimal] = [int(part) for part in (hour, minute) if part is not None]
    if second is not None:
        numbers.append(Decimal(second))
    return (tuple(numbers), None) if _exists([2000, 1, 1, *numbers]) else None


def compare(left: Moment, right: Moment) -> int | None:
    """Give -1, 0 or 1; None where one of them is not known exactly enough to tell."""
    if _has_zone(left) != _has_zone(right) and left[0][:_DAY] == right[0][:_DAY]:
        return None
    one, other = _universal(left), _universal(right)
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return -1 if mine < theirs else 1
    return 0 if len(one) == len(other) else None


def key(of: Moment) -> tuple[object, ...]:
    """Give what two moments that are equal share."""
    return (_has_zone(of), *_universal(of))


def _has_zone(of: Moment) -> bool:
    return of[1] is not None


def _universal(of: Moment) -> tuple[int | Decimal, ...]:
    numbers, offset = of
    if not offset or len(numbers) < _HOUR:
        return numbers
    year, month, day, hour, *rest = (int(number) for number in numbers)
    minute = rest[0] if rest else 0
    try:
        moved = datetime(year, month, day, hour, minute) - timedelta(minutes=offset)  # noqa: DTZ001 (what is moved becomes UTC)
    except OverflowError:
        return numbers
    there = (moved.year, moved.month, moved.day, moved.hour, moved.minute)
    return (*there[: len(numbers)], *numbers[_MINUTE:])


def _offset(text: str | None) -> int | None:
    if text is None or text == "Z":
        return None if text is None else 0
    size = int(text[1:3]) * 60 + int(text[4:6])
    return -size if text[0] == "-" else size


def _exists(numbers: list[int | Decimal]) -> bool:
    padded = [*numbers, *(1, 1, 1, 0, 0, 0)[len(numbers) :]]
    year, month, day, hour, minute, second = (int(number) for number in padded)
    try:
        datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 (only whether it exists)
    except ValueError:
        return False
    return second <= 60  # noqa: PLR2004 (a leap second)
