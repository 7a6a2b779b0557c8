"""Dates of the decree (`yyyymmdd`, `yyyymmddHHMM`, local time without a zone) as FHIR dates.

Viet Nam keeps UTC+7 all year. https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from datetime import date, timedelta, timezone
from functools import lru_cache

VIETNAM = timezone(timedelta(hours=7))
EARLIEST_YEAR = 1800

_DAY, _MINUTE = 8, 12


@lru_cache(maxsize=4096)
def moment(text: str) -> str:
    """Turn `202509010815` into `2025-09-01T08:15:00+07:00` and `20250901` into `2025-09-01`.

    Raises ValueError, with the reason, for anything else and for days that do not exist.
    """
    if len(text) == _DAY:
        return day(text)
    _digits(text, _MINUTE)
    hour, minute = text[8:10], text[10:12]
    if hour > "23" or minute > "59":
        raise ValueError(f"{hour}:{minute} is not a time of day")
    return f"{day(text[:8])}T{hour}:{minute}:00+07:00"


@lru_cache(maxsize=4096)
def day(text: str) -> str:
    """Turn `20250901` into `2025-09-01`; ValueError for a day that does not exist."""
    _digits(text, _DAY)
    if int(text[:4]) < EARLIEST_YEAR:
        raise ValueError(f"the year {text[:4]} is too early")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        raise ValueError(f"{text} is not a day of the calendar") from None


@lru_cache(maxsize=4096)
def birth(text: str) -> tuple[str, str]:
    """Turn NGAY_SINH into (birthDate, birth time), each as precise as it is known.

    `0000` for month and day, or `00` for the day alone, means unknown; `0000` for the time too.
    `198500000000` → (`1985`, ``). ValueError for a date that does not exist.
    """
    if len(text) not in {4, _DAY, _MINUTE}:
        raise ValueError("it must have 12 digits, yyyymmddHHMM")
    _digits(text, len(text))
    year, rest, time = text[:4], text[4:8] or "0000", text[8:]
    if int(year) < EARLIEST_YEAR:
        raise ValueError(f"the year {year} is too early")
    if rest == "0000":
        return year, ""
    if rest[2:] == "00":
        day(year + rest[:2] + "01")
        return f"{year}-{rest[:2]}", ""
    born = day(year + rest)
    return born, moment(text) if time not in {"", "0000"} else ""


def _digits(text: str, length: int) -> None:
    if len(text) != length or not (text.isascii() and text.isdigit()):
        wanted = "yyyymmdd" if length == _DAY else "yyyymmddHHMM"
        raise ValueError(f"it must have {length} digits, {wanted}")
