"""A date, dateTime or time plus a duration, to the precision it has.

https://hl7.org/fhirpath/N1/#datetime-arithmetic
"""

import calendar
import re
from datetime import datetime, timedelta
from decimal import Decimal

from fhir_server.fhirpath.language import temporal
from fhir_server.fhirpath.language.quantities import UCUM, Quantity
from fhir_server.fhirpath.syntax import FhirPathError

_WORDS = {code: word for word, code in UCUM.items() if word not in ("year", "month")}
_MICROSECONDS = {
    "week": 7 * 86_400_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
}
# How many numbers a moment has that is precise to the unit.
_PRECISION = {"year": 1, "month": 2, "week": 3, "day": 3, "hour": 4, "minute": 5}
_MONTHS = {"year": 12, "month": 1}
_DAYS_OF_MONTH, _MONTHS_OF_YEAR = 30, 12
_MAX = 10**16
_FRACTION = re.compile(r"\.(\d+)")


def add(kind: str, text: str, by: Quantity) -> str | None:
    """Give the moved date, dateTime or time; None if it leaves the calendar or there is no such.

    FhirPathError for a unit that is no duration, and for UCUM's year and month, which are no
    calendar's.
    """
    value, unit, _ = by
    unit = unit if unit in UCUM else _WORDS.get(unit, "")
    if not unit:
        raise FhirPathError(f"{by[1]!r} is no duration a date can be moved by")
    if abs(value) > _MAX:
        return None
    moment = temporal.time(text) if kind == "Time" else temporal.moment(text)
    if moment is None:
        return None
    move = _time if kind == "Time" else _moved
    try:
        return move(text, moment[0], value, unit)
    except (OverflowError, ValueError):
        return None


def _moved(text: str, numbers: tuple[int | Decimal, ...], value: Decimal, unit: str) -> str:
    if unit in _MONTHS:
        count = int(value) * _MONTHS[unit]
        if len(numbers) == 1:
            count = int(value) * 12 if unit == "year" else int(count / 12) * 12
        return _rendered(text, numbers, _months(_start(numbers), count))
    if len(numbers) < _PRECISION["day"]:
        days = int(value * _MICROSECONDS[unit] / _MICROSECONDS["day"])
        months = int(days / _DAYS_OF_MONTH)
        if len(numbers) == 1:
            months = int(days / 365) * _MONTHS_OF_YEAR
        return _rendered(text, numbers, _months(_start(numbers), months))
    return _rendered(text, numbers, _start(numbers) + _delta(numbers, value, unit))


def _delta(numbers: tuple[int | Decimal, ...], value: Decimal, unit: str) -> timedelta:
    """Give the time to add: whole units, and of finer ones than the moment has only whole ones."""
    whole = value if unit in ("second", "millisecond") else Decimal(int(value))
    size = int(whole * _MICROSECONDS[unit])
    step = {3: "day", 4: "hour", 5: "minute"}.get(len(numbers))
    if step:
        size = int(size / _MICROSECONDS[step]) * _MICROSECONDS[step]
    return timedelta(microseconds=size)


def _start(numbers: tuple[int | Decimal, ...]) -> datetime:
    padded = [*numbers, *(1, 1, 1, 0, 0, 0)[len(numbers) :]]
    year, month, day, hour, minute = (int(number) for number in padded[:5])
    start = datetime(year, month, day, hour, minute)  # noqa: DTZ001 (the text keeps its zone)
    return start + timedelta(microseconds=int(Decimal(padded[5]) * 1_000_000))


def _months(start: datetime, count: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def _rendered(text: str, numbers: tuple[int | Decimal, ...], moved: datetime) -> str:
    """Write a moment as long as the text is, with the text's zone."""
    length = {1: 4, 2: 7, 3: 10, 4: 13, 5: 16, 6: 19}[len(numbers)]
    start = moved.isoformat(timespec="seconds")[:length]
    rest = text[length:]
    fraction = _FRACTION.match(rest)
    if len(numbers) < 6:  # noqa: PLR2004 (no seconds)
        return start + rest
    micro = f"{moved.microsecond:06}"
    digits = len(fraction[1]) if fraction else 0
    shown = micro[:digits].ljust(digits, "0") if digits else micro.rstrip("0")
    zone = rest[fraction.end() :] if fraction else rest
    return start + (f".{shown}" if shown else "") + zone


def _time(text: str, numbers: tuple[int | Decimal, ...], value: Decimal, unit: str) -> str | None:
    """Move a time of day; past midnight it goes on from the start of the day."""
    if unit in ("year", "month", "week", "day"):
        return None
    full: tuple[int | Decimal, ...] = (2000, 1, 1, *numbers)
    start = _start(full)
    delta = _delta(full, value, unit) % timedelta(days=1)
    return _rendered(f"2000-01-01T{text}", full, start + delta)[11:]
