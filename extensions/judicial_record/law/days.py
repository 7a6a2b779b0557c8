"""Working days of Viet Nam: weekends, holidays, Saturdays worked in exchange, by year.

The library `holidays` knows the law (Labour Code 2019, Art. 112) and the exchanges decided so far;
the exact span of Tết is decided anew each year, so `holidays.json` stands above it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import holidays

from fhir_server.fhir import json

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DaysError(ValueError):
    """A table of days that cannot be used; the message says which day."""


@dataclass(frozen=True)
class Days:
    """What differs from the library: days `off` and days of `work`."""

    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Say whether this is a working day."""
        if day in self.off:
            return False
        return day in self.work or _works(day)

    def next_working(self, day: date) -> date:
        """Give the day itself where it is a working day, else the first one after it."""
        while not self.works(day):
            day += DAY
        return day

    def but(self, off: Iterable[date] = (), work: Iterable[date] = ()) -> Self:
        """Give these days with others off, or worked; the later word on a day counts."""
        free, worked = frozenset(off), frozenset(work)
        if both := free & worked:
            raise DaysError(f"{min(both)} cannot be off and worked.")
        return replace(self, off=self.off - worked | free, work=self.work - free | worked)


@cache
def loaded() -> Days:
    """Give the days of `holidays.json`; DaysError where it has a day that is none."""
    told = json.parse_object((Path(__file__).parent / "holidays.json").read_bytes())
    return read(told["years"])


def read(years: Mapping[str, Mapping[str, list[str]]]) -> Days:
    """Give the days of a table by year; DaysError for a day that is none, or of another year."""
    days = Days()
    for year, told in years.items():
        off, work = ([_day(one, year) for one in told.get(kind, ())] for kind in ("off", "work"))
        days = days.but(off, work)
    return days


def _day(text: str, year: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise DaysError(f"{text!r} is no day.") from None
    if str(found.year) != year:
        raise DaysError(f"{text} stands under {year}.")
    return found


@lru_cache(maxsize=4096)
def _works(day: date) -> bool:
    known = _viet_nam()
    known.get(day)  # makes the year known: of a Saturday alone it would not be
    return known.is_working_day(day)


@cache
def _viet_nam() -> holidays.HolidayBase:
    return holidays.country_holidays("VN", expand=True)


def day_of(ts: int) -> date:
    """Give the day in Viet Nam that a time (µs since the epoch) is on."""
    return (_EPOCH + timedelta(microseconds=ts)).astimezone(ZONE).date()


def start_of(day: date) -> int:
    """Give the first µs (since the epoch) of a day in Viet Nam."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return (midnight - _EPOCH) // _MICROSECOND


def end_of(day: date) -> int:
    """Give the last µs of a day in Viet Nam: what is done then is still done in time."""
    return start_of(day + DAY) - 1
