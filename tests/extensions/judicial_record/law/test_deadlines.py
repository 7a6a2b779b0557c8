"""When a term ends: the golden cases, pauses, hours, and what holds for all terms."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.judicial_record.law import days, policy
from extensions.judicial_record.law.days import day_of, end_of, start_of
from extensions.judicial_record.law.deadlines import HOUR, due
from extensions.judicial_record.law.policy import LawError, Rule

DAYS = days.loaded()
NOON = 12 * HOUR
GIVEN = settings(max_examples=150, derandomize=True, deadline=None)


def term(value, unit="working-day"):
    return Rule("a-term", "1", "sla", value, unit, "a test", "verified", date(2020, 1, 1))


def noon(*ymd):
    return start_of(date(*ymd)) + NOON


def due_day(received, rule, pauses=(), known=DAYS):
    return day_of(due(received, rule, known, pauses))


@pytest.mark.parametrize(
    ("received", "value", "unit", "last"),
    [
        ("2026-02-13", 3, "working-day", "2026-02-25"),  # Tết
        ("2026-02-13", 5, "working-day", "2026-02-27"),
        ("2026-02-13", 10, "day", "2026-02-23"),
        ("2026-02-13", 15, "day", "2026-03-02"),  # ends on a Saturday
        ("2026-08-20", 3, "working-day", "2026-08-24"),  # Saturday 22 is worked
        ("2026-08-20", 5, "working-day", "2026-08-26"),
        ("2026-11-20", 3, "working-day", "2026-11-26"),  # 24 November is off
        ("2026-08-28", 3, "working-day", "2026-09-07"),  # the National Day
        ("2026-02-10", 7, "day", "2026-02-23"),  # ends within Tết
    ],
)
def test_the_golden_cases(received, value, unit, last):
    at = start_of(date.fromisoformat(received)) + NOON
    assert due_day(at, term(value, unit)) == date.fromisoformat(last)


def test_a_term_ends_with_the_last_moment_of_its_day_in_viet_nam():
    at = due(noon(2026, 7, 1), term(1), DAYS)
    assert datetime.fromtimestamp(at / 1e6, UTC).isoformat() == "2026-07-02T16:59:59.999999+00:00"
    assert day_of(at) == date(2026, 7, 2)
    assert day_of(at + 1) == date(2026, 7, 3)


def test_the_law_changes_at_midnight_in_viet_nam():
    law = policy.loaded()
    midnight = start_of(date(2026, 7, 1))
    assert datetime.fromtimestamp(midnight / 1e6, UTC).isoformat() == "2026-06-30T17:00:00+00:00"
    told = {}
    for at in (midnight - 1, midnight):
        rule = law.rule("sla", day_of(at))
        told[rule.key] = due_day(at, rule)
    # Ten days from 30 June; five working days from 1 July, a Wednesday.
    assert told == {"sla-2009|1": date(2026, 7, 10), "sla-2025|1": date(2026, 7, 8)}


def test_when_of_the_day_it_was_received_is_all_the_same():
    first, last = start_of(date(2026, 7, 1)), end_of(date(2026, 7, 1))
    assert due(first, term(5), DAYS) == due(last, term(5), DAYS)


def test_nights_on_hold_are_added_back():
    monday, thursday = noon(2026, 7, 6), noon(2026, 7, 9)
    # Received on Friday 3: Tuesday 7 and Wednesday 8 had ends at which the clock stood, and Monday.
    assert due_day(noon(2026, 7, 3), term(3)) == date(2026, 7, 8)
    assert due_day(noon(2026, 7, 3), term(3), [(monday, thursday)]) == date(2026, 7, 13)


def test_a_hold_within_a_day_adds_nothing():
    hold = (noon(2026, 7, 6), noon(2026, 7, 6) + HOUR)
    assert due_day(noon(2026, 7, 3), term(3), [hold]) == date(2026, 7, 8)


def test_holds_that_overlap_count_once():
    one, other = (noon(2026, 7, 6), noon(2026, 7, 8)), (noon(2026, 7, 7), noon(2026, 7, 9))
    whole = [(noon(2026, 7, 6), noon(2026, 7, 9))]
    for rule in (term(3), term(24, "hour")):
        received = noon(2026, 7, 6) - HOUR
        assert due(received, rule, DAYS, [other, one]) == due(received, rule, DAYS, whole)


def test_hours_run_day_and_night_but_not_on_hold():
    received = noon(2026, 2, 16)
    assert due(received, term(24, "hour"), DAYS) == received + 24 * HOUR
    before, within = (
        (received - 5 * HOUR, received + HOUR),
        (received + 3 * HOUR, received + 9 * HOUR),
    )
    after = (received + 31 * HOUR, received + 40 * HOUR)
    paused = due(received, term(24, "hour"), DAYS, [before, within, after])
    assert paused == received + (24 + 1 + 6) * HOUR


def test_a_rule_that_is_no_term_is_refused():
    with pytest.raises(LawError, match="no term"):
        due(0, term(200_000, "VND"), DAYS)


TIMES = st.integers(start_of(date(2024, 1, 1)), start_of(date(2027, 12, 1)))
TERMS = st.builds(term, st.integers(1, 30), st.sampled_from(["day", "working-day", "hour"]))
PAUSES = st.lists(
    st.tuples(TIMES, st.integers(0, 20 * 24 * HOUR)).map(lambda one: (one[0], sum(one))), max_size=4
)


@GIVEN
@given(TIMES, st.integers(0, 10 * 24 * HOUR), TERMS, PAUSES)
def test_who_comes_later_is_not_due_earlier(received, later, rule, pauses):
    assert due(received, rule, DAYS, pauses) <= due(received + later, rule, DAYS, pauses)


@GIVEN
@given(TIMES, TERMS, PAUSES, PAUSES)
def test_a_pause_never_makes_it_due_earlier(received, rule, pauses, more):
    assert due(received, rule, DAYS, pauses) <= due(received, rule, DAYS, pauses + more)


@GIVEN
@given(TIMES, TERMS, PAUSES, st.dates(date(2024, 1, 1), date(2027, 12, 31)))
def test_another_day_off_never_makes_it_due_earlier(received, rule, pauses, off):
    assert due(received, rule, DAYS, pauses) <= due(received, rule, DAYS.but(off=[off]), pauses)


@GIVEN
@given(TIMES, st.integers(1, 30), st.sampled_from(["day", "working-day"]))
def test_a_term_ends_on_a_working_day_after_the_day_it_began(received, value, unit):
    last = due_day(received, term(value, unit))
    assert DAYS.works(last)
    assert last >= day_of(received) + timedelta(days=value)
