"""Working days: the library's, and what stands above it."""

from datetime import date

import pytest

from extensions.judicial_record.law import days
from extensions.judicial_record.law.days import Days, DaysError, day_of, end_of, start_of


def test_weekends_and_holidays_are_off_and_a_saturday_in_exchange_is_worked():
    # The Saturday is asked for first: its year is not known yet then.
    known = Days()
    assert known.works(date(2026, 8, 22))
    assert not known.works(date(2026, 8, 29))
    assert not known.works(date(2026, 8, 31))
    assert not known.works(date(2026, 2, 17))
    assert known.works(date(2026, 2, 23))


def test_what_an_office_notes_stands_above_the_library():
    day = date(2026, 7, 8)
    off = days.loaded().but(off=[day])
    assert days.loaded().works(day)
    assert not off.works(day)
    assert off.but(work=[day]).works(day)
    assert off.next_working(day) == date(2026, 7, 9)


def test_a_day_cannot_be_off_and_worked_at_once():
    with pytest.raises(DaysError, match="2026-07-08"):
        Days().but(off=[date(2026, 7, 8)], work=[date(2026, 7, 8)])


@pytest.mark.parametrize("text", ["2026-02-30", "2025-01-02", "tomorrow"])
def test_a_table_with_a_day_that_is_none_or_of_another_year_is_refused(text):
    with pytest.raises(DaysError):
        days.read({"2026": {"off": [text]}})


def test_a_day_is_viet_nams():
    day = date(2026, 7, 1)
    assert day_of(start_of(day)) == day_of(end_of(day)) == day
    assert day_of(start_of(day) - 1) == date(2026, 6, 30)
