"""Dates of any precision as half-open ranges of microseconds since the Unix epoch, UTC.

`2026` is a year long, `2026-11-22T10:30` a minute, `…:05.123Z` a millisecond.
https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from fhir_server.fhir.errors import Invalid

FOREVER_AGO = -(2**63)
FOR_EVER = 2**63 - 1

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO_DIGITS = 6

_PATTERN = re.compile(
    r"(?!0000)(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])"
    r"(?:T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d|60)(?:\.(\d{1,30}))?)?"
    r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?)?)?)?",
    re.ASCII,
)
# What nearly every moment is written as, and the length of what stands before its zone.
_SECOND = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)", re.ASCII
)
_LOCAL = len("2026-11-22T10:30:00")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d|60)(?:\.(\d{1,30}))?)?", re.ASCII)


def date_range(text: str, zone: tzinfo) -> tuple[int, int]:
    """Give [low, high) in us of a date, dateTime or instant, as long as its precision.

    `zone` counts only where the text has none. A leap second is the second after it; digits past
    the microsecond are cut. Raises Invalid for anything that is not such a date in the calendar.
    """
    return _remembered(text, zone) if len(text) <= _LONGEST else _range(text, zone)


def _range(text: str, zone: tzinfo) -> tuple[int, int]:
    if _SECOND.fullmatch(text):
        try:
            at = datetime.fromisoformat(text[:_LOCAL])
        except ValueError:
            # A leap second, or none in the calendar.
            pass
        else:
            midnight = (at.toordinal() - _EPOCH_DAY) * DAY - _fixed(text[_LOCAL:])
            start = midnight + (at.hour * 3600 + at.minute * 60 + at.second) * SECOND
            return start, start + SECOND
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise _invalid(text)
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if hour is None:
        first, last = _days(text, int(year), month, day)
        return _midnight(first, zone), _midnight(last, zone)
    midnight = _ordinal(text, int(year), int(month), int(day))
    start, width = _time_of_day(hour, minute, second, fraction)
    local = (midnight - _EPOCH_DAY) * DAY + start
    shift = _fixed(offset) if offset else _offset(midnight, start, zone)
    return local - shift, local - shift + width


# What happens in one visit is often of one moment; nothing long is kept.
_LONGEST = 64
_remembered = lru_cache(maxsize=8192)(_range)


def time_range(text: str) -> tuple[int, int]:
    """Give [low, high) in us since midnight of a `time`. Raises Invalid if it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise _invalid(text)
    start, width = _time_of_day(*match.groups())
    return start, start + width


def instant(ts: int) -> str:
    """Render us since the epoch as an instant: `2026-11-22T03:04:05.123456Z`."""
    seconds, micros = divmod(ts, SECOND)
    return f"{_whole(seconds)}.{micros:06}Z"


@lru_cache(maxsize=1024)
def _whole(seconds: int) -> str:
    """Render the second: what happens in one is often told more than once."""
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.replace(tzinfo=None).isoformat()


def parse_instant(text: str) -> int:
    """Give the us since the epoch of an instant; Invalid unless it has seconds and a zone."""
    match = _PATTERN.fullmatch(text)
    if match is None or match[6] is None or match[8] is None:
        raise Invalid(
            f"{text[:64]!r} is not an instant such as 2026-11-22T10:30:00+07:00.", code="value"
        )
    return date_range(text, UTC)[0]


def _invalid(text: str) -> Invalid:
    return Invalid(f"{text[:64]!r} is not a date or time that exists.", code="value")


def _ordinal(text: str, year: int, month: int, day: int) -> int:
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        raise _invalid(text) from None


def _days(text: str, year: int, month: str | None, day: str | None) -> tuple[int, int]:
    """Give the ordinals of the first day and of the day after the last."""
    if day is not None and month is not None:
        first = _ordinal(text, year, int(month), int(day))
        return first, first + 1
    start = date(year, int(month or 1), 1)
    if start.month == 12 or month is None:  # noqa: PLR2004 (December)
        return start.toordinal(), date(year, 12, 31).toordinal() + 1
    return start.toordinal(), date(year, start.month + 1, 1).toordinal()


def _midnight(ordinal: int, zone: tzinfo) -> int:
    return (ordinal - _EPOCH_DAY) * DAY - _offset(ordinal, 0, zone)


def _offset(ordinal: int, time_of_day: int, zone: tzinfo) -> int:
    """Give the zone's offset in us at a local time; at the ends of the calendar, the nearest."""
    day = date.fromordinal(min(max(ordinal, 2), date.max.toordinal() - 1))
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(
        microseconds=time_of_day
    )
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)


@lru_cache(maxsize=256)
def _fixed(offset: str) -> int:
    if offset == "Z":
        return 0
    size = int(offset[1:3]) * 60 + int(offset[4:6])
    return size * MINUTE * (-1 if offset[0] == "-" else 1)


def _time_of_day(
    hour: str, minute: str, second: str | None, fraction: str | None
) -> tuple[int, int]:
    start = (int(hour) * 60 + int(minute)) * MINUTE
    if second is None:
        return start, MINUTE
    start += int(second) * SECOND
    if fraction is None:
        return start, SECOND
    digits = fraction[:_MICRO_DIGITS]
    width = 10 ** (_MICRO_DIGITS - len(digits))
    return start + int(digits) * width, width
