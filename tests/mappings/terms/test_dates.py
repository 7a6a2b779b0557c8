from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.terms import dates


@given(st.datetimes(datetime(1800, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - local time
def test_every_minute_of_the_calendar_is_a_moment_at_seven_hours_from_utc(time):
    said = dates.moment(f"{time:%Y%m%d%H%M}".rjust(12, "0"))
    assert datetime.fromisoformat(said) == time.replace(
        second=0, microsecond=0, tzinfo=dates.VIETNAM
    )


@given(st.dates(date(1800, 1, 1)))
def test_a_day_alone_is_a_day(day):
    assert dates.moment(f"{day:%Y%m%d}") == day.isoformat()


@pytest.mark.parametrize(
    "text",
    ["", "2025", "20250229", "20251301", "17991231", "202509012400", "202509010060", "2025090a"],
)
def test_what_is_no_date_says_why(text):
    with pytest.raises(ValueError, match=r"digits|day|early|time"):
        dates.moment(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("198503150000", ("1985-03-15", "")),
        ("198503151204", ("1985-03-15", "1985-03-15T12:04:00+07:00")),
        ("198503000000", ("1985-03", "")),
        ("198500000000", ("1985", "")),
        ("1985", ("1985", "")),
    ],
)
def test_a_birth_date_is_as_precise_as_it_is_known(text, said):
    assert dates.birth(text) == said


@pytest.mark.parametrize("text", ["198500150000", "198513000000", "198502300000", "0000", "85"])
def test_an_impossible_birth_date_is_refused(text):
    with pytest.raises(ValueError, match=r"digits|day|early"):
        dates.birth(text)
