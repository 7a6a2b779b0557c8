"""Dates as ranges: precision, zones, the calendar, and what is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir import dates
from fhir_server.fhir.errors import Invalid

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SECOND = 1_000_000
DAY = 86_400 * SECOND


def us(*moment: int) -> int:
    return (datetime(*moment, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", us(2026, 1, 1), us(2027, 1, 1)),
        ("2026-12", us(2026, 12, 1), us(2027, 1, 1)),
        ("2026-02", us(2026, 2, 1), us(2026, 3, 1)),
        ("2024-02-29", us(2024, 2, 29), us(2024, 3, 1)),
        ("2026-11-22T10:30", us(2026, 11, 22, 10, 30), us(2026, 11, 22, 10, 31)),
        ("2026-11-22T10:30:05", us(2026, 11, 22, 10, 30, 5), us(2026, 11, 22, 10, 30, 6)),
        ("2026-11-22T10:30:05Z", us(2026, 11, 22, 10, 30, 5), us(2026, 11, 22, 10, 30, 6)),
        ("2026-11-22T10:30:05+07:00", us(2026, 11, 22, 3, 30, 5), us(2026, 11, 22, 3, 30, 6)),
        ("2026-11-22T10:30:05-11:30", us(2026, 11, 22, 22, 0, 5), us(2026, 11, 22, 22, 0, 6)),
    ],
)
def test_a_date_is_as_long_as_its_precision(text, low, high):
    assert dates.date_range(text, UTC) == (low, high)


@pytest.mark.parametrize(
    ("fraction", "start", "width"),
    [
        ("1", 100_000, 100_000),
        ("12", 120_000, 10_000),
        ("123456", 123_456, 1),
        ("1234569", 123_456, 1),
    ],
)
def test_a_fraction_is_as_long_as_its_digits(fraction, start, width):
    base = us(2026, 11, 22, 3, 4, 5)
    found = dates.date_range(f"2026-11-22T03:04:05.{fraction}Z", UTC)
    assert found == (base + start, base + start + width)


def test_the_zone_counts_only_where_the_text_has_none():
    assert dates.date_range("2026-11-22", VIETNAM)[0] == us(2026, 11, 21, 17)
    assert dates.date_range("2026-11-22T00:00:00Z", VIETNAM)[0] == us(2026, 11, 22)


def test_a_day_with_a_clock_change_is_as_long_as_it_is():
    low, high = dates.date_range("2026-03-29", ZoneInfo("Europe/Paris"))
    assert high - low == 23 * 3600 * SECOND


def test_a_leap_second_is_the_second_after_it():
    assert dates.date_range("2016-12-31T23:59:60Z", UTC)[0] == us(2017, 1, 1)


@pytest.mark.parametrize("zone", [UTC, VIETNAM, ZoneInfo("America/New_York")])
@pytest.mark.parametrize(
    "text", ["0001", "0001-01-01", "9999", "9999-12-31", "9999-12-31T23:59:59.999999-14:00"]
)
def test_the_ends_of_the_calendar_have_ranges_too(text, zone):
    low, high = dates.date_range(text, zone)
    assert dates.FOREVER_AGO < low < high < dates.FOR_EVER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000",
        "26",
        "2026-13",
        "2026-00",
        "2026-02-29",
        "2026-11-31",
        "2026-1-1",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10",
        "2026-11-22T10:60Z",
        "2026-11-22T10:30:61Z",
        "2026-11-22T10:30:05.Z",
        "2026-11-22T10:30:05+15:00",
        "2026-11-22T10:30:05+07",
        "2026-11-22 10:30:05Z",
        "2026-11-22T10:30:05Z ",
        "2026-11-22\n",
        "２０２６",
        "2026-11-2٢",
        "-2026",
        "22/11/2026",
    ],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(Invalid):
        dates.date_range(text, UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_as_it_was(moment):
    ts = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    text = dates.instant(ts)
    assert dates.parse_instant(text) == ts
    assert dates.date_range(text, VIETNAM) == (ts, ts + 1)


@given(st.dates(), st.sampled_from([4, 7, 10]))
def test_a_shorter_date_holds_the_longer_one(day, length):
    low, high = dates.date_range(day.isoformat(), VIETNAM)
    outer_low, outer_high = dates.date_range(day.isoformat()[:length], VIETNAM)
    assert outer_low <= low < high <= outer_high


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_refused(text):
    try:
        low, high = dates.date_range(text, UTC)
    except Invalid:
        return
    assert low < high


def test_times_are_ranges_within_a_day():
    assert dates.time_range("00:01") == (60 * SECOND, 120 * SECOND)
    assert dates.time_range("23:59:59.5")[1] == DAY - 400_000
    with pytest.raises(Invalid):
        dates.time_range("24:00")


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22T10:30Z", "2026-11-22T10:30:00"])
def test_an_instant_needs_seconds_and_a_zone(text):
    with pytest.raises(Invalid):
        dates.parse_instant(text)
